#include "report/stack_joiner.h"

#include <algorithm>

namespace prof {

namespace {

void append(std::span<const FrameAddress> frames, std::span<const uint64_t> stack_pointers,
            std::vector<StackJoiner::Frame>& out) {
  const size_t count = std::min(frames.size(), stack_pointers.size());
  for (size_t i = 0; i < count; ++i) out.push_back({frames[i], stack_pointers[i]});
}

}  // namespace

void StackJoiner::keep(uint32_t tid, const ThreadState& state, std::span<const FrameAddress> frames,
                       std::span<const uint64_t> stack_pointers) {
  Thread& thread = threads_[tid % kThreads];
  thread.tid = tid;
  thread.process = state.process;
  thread.frames.clear();
  append(frames, stack_pointers, thread.frames);
}

std::span<const StackJoiner::Frame> StackJoiner::join(uint32_t tid, const ThreadState& state,
                                                      std::span<const FrameAddress> frames,
                                                      std::span<const uint64_t> stack_pointers) {
  Thread& thread = threads_[tid % kThreads];
  // Not compared: the version of the address space, which every new mapping changes. Code that is
  // being called stays where it is.
  const bool known = thread.tid == tid && thread.process == state.process;
  if (!known || frames.empty() || stack_pointers.size() < frames.size()) return {};
  const Frame cut{frames.back(), stack_pointers[frames.size() - 1]};
  const auto same =
      std::ranges::find_if(thread.frames, [&](const Frame& frame) { return frame.is(cut); });
  if (same == thread.frames.end()) return {};
  joined_.clear();
  append(frames, stack_pointers, joined_);
  joined_.insert(joined_.end(), same + 1, thread.frames.end());
  thread.frames.swap(joined_);
  return std::span(thread.frames).subspan(frames.size());
}

}  // namespace prof
