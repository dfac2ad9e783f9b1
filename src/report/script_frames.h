// ScriptFrames: the finished text of every distinct address that `prof script` prints, so that an
// address is looked up and formatted once. Numbers addresses as samples are read, and has their
// texts when the samples are printed: in between their inlined calls are looked up, many at once.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/hash.h"
#include "report/inline_table.h"
#include "report/recording.h"
#include "report/script_fields.h"
#include "report/source_text.h"

namespace prof {

/// A form that `prof script` has.
enum class ScriptForm : uint8_t {
  Text,  // perf's
  Json,  // an object for each frame
  Csv,   // cells of the sampled address; the name alone of a frame in a chain
};

/// How a frame is printed.
struct FrameStyle {
  ScriptFieldSet fields = 0;  // of kFieldsOfFrames
  ScriptForm form = ScriptForm::Text;
  bool in_chain = false;                  // a line of its own: tabulator before, newline after
  bool absolute_address = false;          // for user space too, as perf 6.2 and later
  bool inlined = false;                   // show inlined calls, each on a line of its own
  std::string separator = {};             // of Csv
  std::vector<std::string> stop_at = {};  // functions that a chain ends at
  bool operator==(const FrameStyle&) const = default;
};

/// The columns of frames, in their order.
inline constexpr std::array<ScriptField, 7> kFrameColumns = {
    kFieldIp, kFieldSym, kFieldSymoff, kFieldDso, kFieldDsoff, kFieldSrcline, kFieldSrccode};

/// What stands for a name that is not known.
inline constexpr std::string_view kUnknownName = "[unknown]";

/// perf's "name" of the DSO that an address is in: the path of a file, the kernel's word for a
/// module
/// ("[ext4]").
std::string_view dso_name_of(const Recording& recording, const ResolvedAddress& resolved);

class ScriptFrames {
 public:
  /// Notes in `inlines` what it wants to be looked up; that outlives this.
  ScriptFrames(Recording& recording, InlineTable& inlines, FrameStyle style)
      : recording_(recording), inlines_(inlines), style_(style) {
    forget();
  }

  const FrameStyle& style() const { return style_; }
  /// Whether a text has more to it than names.
  bool wants_calls() const {
    return (style_.fields & (kFieldSrcline | kFieldSrccode)) ||
           (style_.inlined && (style_.fields & kFieldSym));
  }

  /// Whether inlined calls have lines of their own.
  bool shows_inlined() const {
    return style_.inlined && style_.in_chain &&
           ((style_.fields & kFieldSym) || style_.form == ScriptForm::Csv);
  }

  /// The number of an address, good until forget(). `space` numbers the address space that
  /// `address` is in: equal for equal (process, version) of user space, and for equal versions of
  /// the kernel.
  uint32_t number(uint32_t space, const ThreadState& state, uint64_t time, CpuMode mode,
                  FrameAddress address) {
    const uint32_t key = space << 1 | (address.kind == AddrKind::ReturnAddress);
    for (size_t slot = slot_of(key, raw(address.addr)); slots_[slot].number != 0;
         slot = (slot + 1) & (slots_.size() - 1)) {
      const Slot& found = slots_[slot];
      if (found.address == raw(address.addr) && found.key == key) return found.number - 1;
    }
    return add(key, state, time, mode, address);
  }
  /// Makes the texts of all numbers given since, with what is now known of their calls.
  void finish();
  std::string_view text(uint32_t number) const { return texts_[number]; }
  /// Whether a chain ends there, by the style's stop_at.
  bool stops(uint32_t number) const { return !style_.stop_at.empty() && stops_[number]; }

  /// Whether so much is kept that it should be forgotten when what was numbered is printed.
  bool full() const;
  void forget();

 private:
  struct Slot {
    uint64_t address = 0;
    uint32_t key = 0;
    uint32_t number = 0;  // + 1; 0 is free
  };
  struct Waiting {  // for its text
    ResolvedAddress resolved;
    CpuMode mode = CpuMode::Unknown;
    uint64_t address = 0;
  };
  size_t slot_of(uint32_t key, uint64_t address) const {
    return hash_mix(address, key) & (slots_.size() - 1);
  }
  uint32_t add(uint32_t key, const ThreadState& state, uint64_t time, CpuMode mode,
               FrameAddress address);
  void format(const ResolvedAddress& resolved, CpuMode mode, uint64_t address);
  std::string_view store(std::string_view text);
  void insert(const Slot& entry);

  /// One frame, or one call that is inlined there, before it has a form.
  struct Parts {
    uint64_t address = 0;
    CpuMode mode = CpuMode::Unknown;
    std::string_view symbol;  // empty: unknown
    std::string_view dso;     // empty: unmapped
    std::optional<uint64_t> symbol_offset, dso_offset;
    std::string line, code;  // source
    bool inlined = false;
  };
  Parts parts_of(const ResolvedAddress& resolved, CpuMode mode, uint64_t address,
                 const SourceCall* call);
  void format_parts(const ResolvedAddress& resolved, CpuMode mode, uint64_t address);
  void append_object(const Parts& parts);
  void append_cells(const Parts& parts);
  void append_inlined(const ResolvedAddress& resolved, CpuMode mode, uint64_t address);
  void append_address(const ResolvedAddress& resolved, CpuMode mode, uint64_t address);
  void append_offset(const ResolvedAddress& resolved);
  void append_line(const SourceCall& call);
  bool is_stop(std::string_view function) const;

  Recording& recording_;
  InlineTable& inlines_;
  FrameStyle style_;
  std::vector<Slot> slots_;              // open addressing
  std::vector<std::string_view> texts_;  // by number
  std::vector<bool> stops_;              // by number, if there is anything to stop at
  bool stop_ = false;                    // at what line_ is of
  std::vector<Waiting> waiting_;         // the numbers after texts_
  std::vector<std::unique_ptr<char[]>> chunks_;
  char* chunk_at_ = nullptr;  // where the next text goes
  size_t chunk_left_ = 0;
  size_t stored_ = 0;  // bytes of text
  std::string line_;   // being built
  SourceText sources_;
};

}  // namespace prof
