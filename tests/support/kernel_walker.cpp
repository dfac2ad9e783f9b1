#include "support/kernel_walker.h"
#if defined(__x86_64__)

#include <map>

namespace prof::test {

KernelWalker::KernelWalker(const LiveCode& code) {
  UnwindShards placing([this]() -> std::span<uint32_t> {
    shard_words_.push_back(shards_.emplace_back(UNWIND_SHARD_WORDS).data());
    return shards_.back();
  });
  std::map<const UnwindModule*, uint32_t> numbers;
  for (const LiveCode::Mapped& mapped : code.mapped()) {
    unwind_range range{};
    range.begin = raw(mapped.range.begin);
    range.end = raw(mapped.range.end);
    range.bias = mapped.range.bias;
    range.kind = mapped.range.module ? UNWIND_RANGE_FILE : UNWIND_RANGE_JIT;
    if (mapped.range.module) {
      const auto [number, added] =
          numbers.try_emplace(mapped.range.module, static_cast<uint32_t>(modules_.size()));
      if (added)
        modules_.push_back(placing.place(mapped.range.module->table()).value_or(unwind_module{}));
      range.module = number->second;
    }
    ranges_.push_back(range);
  }
  const auto rules = code.rules().rules();
  maps_.rules = rules.data();
  maps_.rule_count = static_cast<uint32_t>(rules.size());
  maps_.modules = modules_.data();
  maps_.module_count = static_cast<uint32_t>(modules_.size());
  maps_.ranges = ranges_.data();
  maps_.range_count = static_cast<uint32_t>(ranges_.size());
  maps_.shards = shard_words_.data();
  maps_.shard_count = static_cast<uint32_t>(shard_words_.size());
  maps_.generation = static_cast<uint32_t>(code.version());
}

std::vector<uint64_t> KernelWalker::walk(const UserState& state, unsigned& end) const {
  kernel_maps maps = maps_;
  maps.stack_begin = raw(state.stack_begin);
  maps.stack = state.stack.data();
  maps.stack_size = state.stack.size();
  std::vector<__u64> registers(state.registers.begin(), state.registers.begin() + 17);
  std::vector<__u64> frames(kMaxFrames);
  frames.resize(kernel_walk(&maps, registers.data(), frames.data(), &end));
  return {frames.begin(), frames.end()};
}

}  // namespace prof::test

#endif
