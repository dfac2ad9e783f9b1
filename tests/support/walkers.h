// Both unwinders over this process's code, and the comparison of their chains. Used by the
// differential tests of the unwinders.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <vector>

#include "support/kernel_walker.h"
#include "support/live_code.h"
#include "unwind/libunwind_unwinder.h"
#include "unwind/table_unwinder.h"

namespace prof::test {

inline constexpr size_t kMaxFrames = 4096;

struct Chain {
  UnwindStop stop{};
  std::vector<FrameAddress> frames;
};

inline Chain walk(Unwinder& unwinder, CodeMap& map, const UserState& state) {
  Chain chain;
  chain.stop = unwinder.unwind(map, state, kMaxFrames, chain.frames);
  return chain;
}

inline bool same_frame(const FrameAddress& a, const FrameAddress& b) {
  return a.addr == b.addr && a.kind == b.kind;
}
inline bool same_frames(const Chain& a, const Chain& b) {
  return std::ranges::equal(a.frames, b.frames, same_frame);
}

/// The walkers, and what the tests compare.
struct Walkers {
  explicit Walkers(LiveCode& code)
      : map(code), table(code.rules(), libunwind.get()), kernel(code) {}
  LiveCode& map;
  std::unique_ptr<Unwinder> libunwind = make_libunwind_unwinder();
  TableUnwinder table;
  KernelWalker kernel;
};

/// The kernel-side walker goes where the table's goes, as far as it may.
inline void check_kernel(const Walkers& walkers, const UserState& state, const Chain& table) {
  unsigned end = 0;
  const auto frames = walkers.kernel.walk(state, end);
  const bool limited = table.frames.size() > KernelWalker::kMaxFrames;
  CHECK(end == (limited ? unsigned{KERNEL_WALK_LIMIT} : unsigned{KERNEL_WALK_BOTTOM}));
  CHECK(frames.size() == std::min(table.frames.size(), KernelWalker::kMaxFrames));
  for (size_t i = 0; i < std::min(table.frames.size(), frames.size()); ++i) {
    INFO("frame " << i << " of " << table.frames.size());
    CHECK(as_recorded(table.frames[i], i == 0) == frames[i]);
  }
}

/// Both walk to the root, and see the same.
inline void check_same(Walkers& walkers, const UserState& state, size_t at_least) {
  const Chain table = walk(walkers.table, walkers.map, state);
  CHECK(table.stop == UnwindStop::EndOfStack);
  CHECK(table.frames.size() >= at_least);
  check_kernel(walkers, state, table);
  if (!walkers.libunwind) return;
  const Chain other = walk(*walkers.libunwind, walkers.map, state);
  CHECK(other.stop == UnwindStop::EndOfStack);
  CHECK(table.frames.size() == other.frames.size());
  for (size_t i = 0; i < std::min(table.frames.size(), other.frames.size()); ++i) {
    INFO("frame " << i << " of " << table.frames.size());
    CHECK(raw(table.frames[i].addr) == raw(other.frames[i].addr));
    CHECK(table.frames[i].kind == other.frames[i].kind);
  }
}

}  // namespace prof::test
