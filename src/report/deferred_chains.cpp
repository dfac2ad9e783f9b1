#include "report/deferred_chains.h"

namespace prof {

void DeferredChains::add(const CallchainDeferredRecord& record) {
  std::vector<uint64_t> chain(record.callchain.size());
  for (size_t i = 0; i < chain.size(); ++i) chain[i] = record.callchain[i];
  const auto [it, added] =
      numbers_.try_emplace(std::move(chain), static_cast<uint32_t>(chains_.size()));
  if (added) chains_.push_back(&it->first);
  by_cookie_[{record.sample_id.tid, record.cookie}] = it->second;
}

std::span<const uint64_t> DeferredChains::find(uint32_t tid, uint64_t cookie) {
  const auto found = by_cookie_.find({tid, cookie});
  if (found != by_cookie_.end()) return *chains_[found->second];
  missing_.insert({tid, cookie});
  return {};
}

}  // namespace prof
