// RuleDictionary: the distinct unwind rules of all binaries, numbered. Filled by the table builder,
// read by the walkers; a whole system needs a few thousand.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>

#include "bpf/unwind_rule.h"

namespace prof {

bool same_rule(const unwind_rule& a, const unwind_rule& b);
uint64_t hash_rule(const unwind_rule& rule);

/// Tables may be built in several threads at once while others walk: a rule never moves, and an id
/// reaches a walker only through a finished table.
class RuleDictionary {
 public:
  static constexpr uint32_t kCapacity = 1u << UNWIND_RULE_BITS;

  RuleDictionary();
  RuleDictionary(const RuleDictionary&) = delete;
  RuleDictionary& operator=(const RuleDictionary&) = delete;

  /// The id of `rule`; UNWIND_RULE_UNSUPPORTED if all numbers are taken.
  uint32_t intern(const unwind_rule& rule);
  /// `id` must be of this dictionary.
  const unwind_rule& operator[](uint32_t id) const { return rules_[id]; }
  /// All rules by id, as they are given to the kernel-side unwinder.
  std::span<const unwind_rule> rules() const;

 private:
  struct Unmap {
    void operator()(unwind_rule* rules) const;
  };
  struct Hash {
    size_t operator()(const unwind_rule& rule) const { return hash_rule(rule); }
  };
  struct Equal {
    bool operator()(const unwind_rule& a, const unwind_rule& b) const { return same_rule(a, b); }
  };

  // Room for all ids is reserved as address space; pages come as they are written.
  std::unique_ptr<unwind_rule[], Unmap> rules_;
  mutable std::mutex mutex_;  // guards what follows
  uint32_t size_ = 0;
  std::unordered_map<unwind_rule, uint32_t, Hash, Equal> ids_;
};

}  // namespace prof
