// KernelWalker: the kernel-side unwinder as an Unwinder over this process's code. Used by the
// differential tests of the unwinders.
#pragma once

#include <deque>
#include <vector>

#include "bpf/stack_message.h"
#include "record/unwind_shards.h"
#include "support/kernel_walk.h"
#include "support/live_code.h"

namespace prof::test {

class KernelWalker {
 public:
  static constexpr size_t kMaxFrames = STACK_MAX_USER;

  explicit KernelWalker(const LiveCode& code);

  /// The chain's addresses, as they are recorded.
  std::vector<uint64_t> walk(const UserState& state, unsigned& end) const;

 private:
  std::deque<std::vector<uint32_t>> shards_;
  std::vector<uint32_t*> shard_words_;
  std::vector<unwind_module> modules_;
  std::vector<unwind_range> ranges_;
  kernel_maps maps_{};
};

}  // namespace prof::test
