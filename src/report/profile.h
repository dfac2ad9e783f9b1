// Profile: the distinct stacks of a recording as a prefix tree with weights. Made by the pipeline
// or an import; read by everything that draws, counts or exports.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/huge_allocator.h"
#include "common/string_table.h"
#include "common/strong_id.h"
#include "report/timeline.h"

namespace prof {

enum class FrameKind : uint8_t {
  Process,  // a root: command name, with pid and tid where asked for
  User,
  Kernel,
  Jit,
  Inlined,
  Unknown,   // no symbol: the name is "[unknown]" or the DSO in brackets
  Other,     // from folded text, which does not say
  WallPart,  // "[asleep]": see wall_time.h
};

/// What perf puts behind the name of a function that was inlined.
inline constexpr std::string_view kInlinedMark = " (inlined)";

/// What stands for the source line of code that nothing is known of, as in perf.
inline constexpr std::string_view kNoLine = "??:0";

/// A resolved frame. Two addresses of one function are one frame, unless lines were asked for: then
/// those of one line are.
struct Frame {
  StringId name;         // what a picture shows
  StringId symbol;       // the bare symbol; invalid if unresolved
  StringId dso;          // long name; invalid if unmapped
  StringId dso_short;    // as tables show it
  StringId line;         // "file.c:12", or what stands for it; invalid if not asked for
  FrameId function;      // with a line: the frame of the whole function
  uint64_t address = 0;  // symbol start, or the address itself if unresolved; DSO's address space
  uint64_t symbol_size = 0, dso_size = 0;  // in bytes; of the DSO what is mapped; 0: unknown
  FrameKind kind = FrameKind::Other;
  char level = '.';  // perf's column: '.' user, 'k' kernel, 'g' 'u' 'H' guest and hypervisor
};

/// A root of the tree: what samples are kept apart by before any frame. Fields that were not asked
/// for are -1 or invalid.
struct Group {
  uint32_t event = 0;
  StringId comm;
  int32_t pid = -1, tid = -1, cpu = -1;
  int32_t wall_part = -1;  // of the wall time, see wall_time.h; -1: the event is no part of it
  int32_t fields = -1;     // in Profile::field_values
  StringId parent;         // of report --parent; invalid: no frame of the stack is one
  auto operator<=>(const Group&) const = default;
};

/// A binary that frames are in, and its build id in hexadecimal.
struct ProfileBinary {
  StringId dso;  // as Frame::dso
  std::string build_id;
};

/// What tracepoint samples say in the fields that LoadOptions asked for.
struct FieldValue {
  StringId text;   // as shown; invalid if the event has no such field
  StringId bytes;  // as recorded: what rows are kept apart and ordered by
  auto operator<=>(const FieldValue&) const = default;
};

struct ProfileEvent {
  std::string name;              // "cpu-clock:u"
  std::string unit = "samples";  // of `period`: "samples", "ns", "events"…
  uint64_t samples = 0;          // true number of samples in the tree
  uint64_t period = 0;           // sum of their periods
  uint64_t total_samples = 0;    // with those that a filter hides: what percentages relate to
  uint64_t total_period = 0;
  uint64_t counted_stacks = 0;    // records that the samples were counted in; 0: one each
  std::string weight_field = {};  // what was summed instead of periods, if anything
  uint64_t idle_samples = 0, idle_period = 0;  // of the idle task, waiting for work
  uint64_t frequency = 0;     // samples a second that were asked for; 0: not known, or by period
  bool in_periods = false;    // its periods are what is asked for: times, not numbers of samples
  uint32_t period_scale = 1;  // periods count 1/period_scale of the unit (folded decimals)
  uint64_t pruned_nodes = 0;  // too narrow ones that call trees count among what they leave out
  /// By field asked for: the width of its column; 0 if the event has no such field.
  std::vector<size_t> field_widths = {};
};

/// One node of the stack tree. The nodes lie depth first: a node's subtree is what follows it, up
/// to `end`. Roots have no parent and stand for groups()[group].
struct StackNode {
  uint32_t parent = UINT32_MAX;
  FrameId frame;       // of a root: the frame that shows the group
  uint32_t group = 0;  // index, on every node
  uint32_t end = 0;    // index behind the subtree
  uint64_t self_samples = 0;
  uint64_t self_period = 0;
};

/// What a node had itself on the earlier side of a comparison.
struct BeforeWeight {
  uint64_t samples = 0;
  uint64_t period = 0;
};

class Profile {
 public:
  StringTable strings;
  std::vector<Frame> frames;
  std::vector<Group> groups;
  std::vector<StackNode, HugeAllocator<StackNode>> nodes;  // StackId indexes this
  std::vector<ProfileEvent> events;
  std::vector<std::vector<FieldValue>> field_values;
  std::vector<ProfileBinary> binaries;  // those whose build ids are known
  Timeline timeline;                    // where LoadOptions asked for it, and the input has one
  /// By node, if this is a differential: then the nodes' own weights are those of the later side,
  /// and some of them may be 0.
  std::vector<BeforeWeight> before;

  /// Where LoadOptions asked for it: the frame of nodes that stand for too narrow ones, see
  /// ProfileEvent::pruned_nodes.
  FrameId pruned_frame;

  // Losses and quality, for the summary lines and notes of every output.
  uint64_t lost_records = 0;       // by the kernel or the recorder (LOST, LOST_SAMPLES)
  uint64_t lost_samples = 0;       // of them, those of LOST_SAMPLES
  uint64_t throttled = 0;          // times the kernel paused the event
  uint64_t total_frames = 0;       // weighted by samples
  uint64_t unresolved_frames = 0;  // those without a symbol
  uint64_t skipped_records = 0;    // of a kind prof does not know
  bool has_callchains = false;
  bool without_idle = false;  // what was idle is in no stack
  std::vector<std::string> warnings;
  std::string quality;  // how whole the stacks are, in lines, where LoadOptions asked for it

  /// visit(index) for each child of a node, in the order of their frames' ids.
  template <class Visit>
  void for_each_child(uint32_t node, Visit&& visit) const {
    for (uint32_t c = node + 1; c < nodes[node].end; c = nodes[c].end) visit(c);
  }
  bool is_differential() const { return !before.empty() && before.size() == nodes.size(); }
  const Frame& frame(FrameId id) const { return frames[id.value]; }
  /// The frame that all lines of a frame's function share; without lines the frame itself.
  FrameId function_of(FrameId id) const {
    return frame(id).function.valid() ? frame(id).function : id;
  }
  std::string_view name(FrameId id) const { return strings[frames[id.value].name]; }
};

}  // namespace prof
