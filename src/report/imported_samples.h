// ImportedSamples: what imports of other tools' files have in common: frames, events, commands and
// threads, which samples are left out, and the profile that comes of the others. Used by import_*.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "common/result.h"
#include "report/load.h"
#include "report/profile.h"
#include "report/stack_tree.h"
#include "report/time_range.h"
#include "report/where.h"

namespace prof {

/// A frame as a file tells it; what it does not tell is left empty.
struct ImportedFrame {
  std::string_view name;  // empty, or "[unknown]": not known
  std::string_view dso;
  FrameKind kind = FrameKind::Other;  // of frames with a name
  std::string_view line = {};         // "file.c:12"
  uint64_t address = 0;               // in the DSO; 0: not known
};

struct ImportedSample {
  uint32_t event = 0;                    // as event() numbered it
  std::optional<std::string_view> comm;  // nothing: not known
  int32_t pid = -1, tid = -1, cpu = -1;
  std::optional<uint64_t> time;  // ns
  uint64_t samples = 1;
  uint64_t period = 1;
};

class ImportedSamples {
 public:
  /// Totals stay below this, so that sums of any of them cannot wrap; also what a browser's numbers
  /// hold exactly.
  static constexpr uint64_t kMostWeight = uint64_t{1} << 53;
  /// Frames of all stacks together: formats that share frames between stacks can say many in few
  /// bytes. No stack is deeper than kMostDepth either.
  static constexpr uint64_t kMostFrames = uint64_t{1} << 29;
  static constexpr size_t kMostDepth = size_t{1} << 20;

  struct Times {
    uint64_t first = UINT64_MAX, last = 0;
    void add(uint64_t time) {
      first = std::min(first, time);
      last = std::max(last, time);
    }
    bool known() const { return first <= last; }
  };

  explicit ImportedSamples(const LoadOptions& options);

  /// Takes --time and --where at their word. `kind` names the inputs in messages, "pprof files",
  /// `known` is what they may be asked for; `times` of all samples, if they have any. The error
  /// where there are none names `without_times`, as the mend.
  Result<void> choose(std::string_view kind, std::span<const WhereField> known, const Times& times,
                      const std::string& name, std::string_view without_times = {});

  Profile& profile() { return profile_; }
  /// The same frame for equal facts. Lines tell frames apart where LoadOptions asked for them.
  FrameId frame(const ImportedFrame& from);
  /// The number of the event of that name; a new one counts `unit`.
  uint32_t event(std::string_view name, std::string_view unit, bool in_periods = false,
                 uint32_t period_scale = 1);

  /// Its build id, in hexadecimal.
  void add_binary(std::string_view dso, std::string_view build_id);
  /// Samples come in the order of their times, although they may not tell them.
  void set_in_order() { in_order_ = true; }

  /// Whether a filter leaves samples of this event, on this CPU at this time out of everything.
  bool drops(std::string_view event, int32_t cpu, std::optional<uint64_t> time) const;
  /// Whether all frames matter, not just the innermost.
  bool wants_stacks() const { return with_callchain_ || (where_ && where_->uses_stack()); }
  /// Adds a sample that drops() does not, with its stack, leaf first. False when that is
  /// more than can be held: finish() says of what.
  bool add(const ImportedSample& sample, std::span<const FrameId> leaf_first);

  /// `name` of the input, for messages. No samples are an error.
  Result<Profile> finish(const std::string& name);

 private:
  bool hides(const ImportedSample& sample) const;
  bool is_wanted(const ImportedSample& sample, std::span<const FrameId> leaf_first);
  uint32_t group_of(const ImportedSample& sample);
  uint32_t group_of_root(uint32_t event, FrameId root);
  void add_moment(const ImportedSample& sample);
  void finish_timeline(const std::vector<uint32_t>& leaves);

  const LoadOptions& options_;
  const GroupBy by_;
  const FilterOptions& filter_;
  const bool with_callchain_;
  std::vector<TimeRange> times_;
  std::optional<Where> where_;
  uint64_t first_time_ = 0;
  Profile profile_;
  StackTree tree_;
  std::map<Group, uint32_t> groups_;
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> root_groups_;  // by event and first frame
  std::vector<FrameId> group_frames_;                              // by group
  std::map<std::tuple<uint32_t, uint32_t, FrameKind, uint32_t>, FrameId> frames_;
  std::map<std::tuple<int32_t, int32_t, uint32_t>, uint32_t> threads_;
  std::vector<FrameId> stack_;  // root first
  uint64_t weight_ = 0, samples_ = 0, frames_added_ = 0;
  bool in_order_ = false, knows_threads_ = false;
};

/// By what perf calls the kernel and its modules.
bool is_kernel_dso(std::string_view dso);
/// Written for code that was made at run time: perf-PID.map, and what perf inject makes.
bool is_generated_dso(std::string_view dso);
/// "libc.so.6" of "/usr/lib/libc.so.6"; what is in brackets stays.
std::string_view dso_base_name(std::string_view path);

}  // namespace prof
