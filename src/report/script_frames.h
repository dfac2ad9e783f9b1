// ScriptFrames: the finished text of every distinct address that `prof script` prints, so that an
// address is looked up and formatted once. Used by script, for each frame of each sample.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/hash.h"
#include "report/inline_table.h"
#include "report/recording.h"
#include "report/script_fields.h"

namespace prof {

/// How a frame is printed.
struct FrameStyle {
  ScriptFieldSet fields = 0;      // of ip, sym, symoff, dso, srcline
  bool in_chain = false;          // a line of its own: tabulator before, newline after
  bool absolute_address = false;  // for user space too, as perf 6.2 and later
  bool inlined = false;           // show inlined calls, each on a line of its own
  bool operator==(const FrameStyle&) const = default;
};

class ScriptFrames {
 public:
  /// `inlines` has the inlined calls of every address; it outlives this.
  ScriptFrames(Recording& recording, const InlineTable& inlines, FrameStyle style)
      : recording_(recording), inlines_(inlines), style_(style) {
    forget();
  }

  const FrameStyle& style() const { return style_; }

  /// The text of an address. `space` numbers the address space that `address` is in: equal for
  /// equal (process, version) of user space, and for equal versions of the kernel. Valid until the
  /// next call.
  std::string_view text(uint32_t space, const ThreadState& state, uint64_t time, CpuMode mode,
                        FrameAddress address) {
    const uint32_t key = space << 1 | (address.kind == AddrKind::ReturnAddress);
    for (size_t slot = slot_of(key, raw(address.addr)); slots_[slot].text != nullptr;
         slot = (slot + 1) & (slots_.size() - 1)) {
      const Slot& found = slots_[slot];
      if (found.address == raw(address.addr) && found.key == key) {
        return {found.text, found.length};
      }
    }
    return add(key, state, time, mode, address);
  }

 private:
  struct Slot {
    uint64_t address = 0;
    uint32_t key = 0;
    uint32_t length = 0;
    const char* text = nullptr;  // nullptr: free
  };
  size_t slot_of(uint32_t key, uint64_t address) const {
    return hash_mix(address, key) & (slots_.size() - 1);
  }
  std::string_view add(uint32_t key, const ThreadState& state, uint64_t time, CpuMode mode,
                       FrameAddress address);
  void format(const ResolvedAddress& resolved, CpuMode mode, uint64_t address);
  const char* store(std::string_view text);
  void insert(const Slot& entry);
  void forget();

  void append_inlined(const ResolvedAddress& resolved, CpuMode mode, uint64_t address);
  void append_address(const ResolvedAddress& resolved, CpuMode mode, uint64_t address);
  void append_offset(const ResolvedAddress& resolved);
  void append_line(const SourceCall& call);

  Recording& recording_;
  const InlineTable& inlines_;
  FrameStyle style_;
  std::vector<Slot> slots_;  // open addressing
  size_t used_ = 0;
  std::vector<std::unique_ptr<char[]>> chunks_;
  char* chunk_at_ = nullptr;  // where the next text goes
  size_t chunk_left_ = 0;
  size_t stored_ = 0;  // bytes of text
  std::string line_;   // being built
};

}  // namespace prof
