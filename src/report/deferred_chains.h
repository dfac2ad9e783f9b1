// DeferredChains: the user's parts of call chains that the kernel took later than their samples,
// when it returned to user space (Linux 6.19, --call-graph fp,defer). Filled by Recording in pass
// one, asked by the StackWalker.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "common/hash.h"
#include "perfdata/record.h"

namespace prof {

class DeferredChains {
 public:
  bool empty() const { return by_cookie_.empty(); }
  /// Equal chains are kept once.
  void add(const CallchainDeferredRecord& record);
  /// The rest of a chain that ends by `cookie`, with its context marker; empty if it never came,
  /// which is counted once for all samples that wait for it.
  std::span<const uint64_t> find(uint32_t tid, uint64_t cookie);
  uint64_t missing() const { return missing_.size(); }

 private:
  struct Key {
    uint32_t tid = 0;
    uint64_t cookie = 0;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const { return hash_mix(key.cookie, key.tid); }
  };

  std::map<std::vector<uint64_t>, uint32_t> numbers_;  // of chains
  std::vector<const std::vector<uint64_t>*> chains_;   // keys of numbers_
  std::unordered_map<Key, uint32_t, KeyHash> by_cookie_;
  std::unordered_set<Key, KeyHash> missing_;
};

}  // namespace prof
