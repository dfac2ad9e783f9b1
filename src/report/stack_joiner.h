// StackJoiner: completes a stack that was larger than its copy by the last whole stack of the same
// thread, where both are certainly in the same call. Asked by StackWalker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "common/address.h"
#include "common/strong_id.h"
#include "object/address_space.h"

namespace prof {

/// Between two samples of a thread the outer calls mostly stay where they are:
///
///     whole     main─run─parse─value─leaf
///     cut            …   parse─value─value─string          the copy ended in parse's frame
///     joined    main─run─parse─value─value─string          if parse is the same call in both
///
/// A call is taken for the same if the return address into it and the stack pointer after that
/// return (the CFA of what it called) are both equal, and nothing less. That the call was not left
/// and entered again from elsewhere in between cannot be told; that is why joined stacks are
/// marked.
class StackJoiner {
 public:
  /// A frame as it was walked, with its stack pointer.
  struct Frame {
    FrameAddress address;
    uint64_t sp = 0;
    bool is(const Frame& other) const {
      return address.addr == other.address.addr && address.kind == other.address.kind &&
             sp == other.sp;
    }
  };

  StackJoiner() : threads_(kThreads) {}

  /// A whole stack, leaf first, of a thread in the state `state`. It is kept until the thread's
  /// next, in memory that is used again. Samples of a thread must come in the order of time.
  void keep(uint32_t tid, const ThreadState& state, std::span<const FrameAddress> frames,
            std::span<const uint64_t> stack_pointers);
  /// The callers of the last of these frames, whose own caller could not be read, as the thread's
  /// whole stack has them; empty if that does not hold the same call. Valid until the next call.
  /// The joined stack then counts as the thread's whole stack.
  std::span<const Frame> join(uint32_t tid, const ThreadState& state,
                              std::span<const FrameAddress> frames,
                              std::span<const uint64_t> stack_pointers);

 private:
  // Threads that are remembered at once; two in one place take turns. What they need is bounded by
  // this and the deepest stacks.
  static constexpr size_t kThreads = 1024;
  struct Thread {
    uint32_t tid = UINT32_MAX;
    ProcessId process;
    std::vector<Frame> frames;  // leaf first; empty: nothing is known
  };

  std::vector<Thread> threads_;  // by tid modulo kThreads
  std::vector<Frame> joined_;    // being put together
};

}  // namespace prof
