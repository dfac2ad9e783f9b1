#include "unwind/rule_dictionary.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <type_traits>

#include "common/hash.h"

namespace prof {

static_assert(sizeof(unwind_rule) == 24 && std::has_unique_object_representations_v<unwind_rule>,
              "rules are compared and hashed as bytes");

namespace {

constexpr size_t kReserved = size_t{RuleDictionary::kCapacity} * sizeof(unwind_rule);

}  // namespace

bool same_rule(const unwind_rule& a, const unwind_rule& b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

uint64_t hash_rule(const unwind_rule& rule) {
  uint64_t words[3];
  std::memcpy(words, &rule, sizeof words);
  return hash_mix(hash_mix(words[0], words[1]), words[2]);
}

void RuleDictionary::Unmap::operator()(unwind_rule* rules) const {
  ::munmap(rules, kReserved);
}

RuleDictionary::RuleDictionary() {
  void* memory = ::mmap(nullptr, kReserved, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) std::abort();  // as operator new would, without address space
  rules_.reset(static_cast<unwind_rule*>(memory));
  // In the order of unwind_rule_id; all fields but the kind are zero.
  for (const uint8_t kind :
       {UNWIND_CFA_NONE, UNWIND_CFA_UNSUPPORTED, UNWIND_CFA_END, UNWIND_CFA_FRAME_POINTER}) {
    unwind_rule rule{};
    rule.cfa_kind = kind;
    intern(rule);
  }
}

uint32_t RuleDictionary::intern(const unwind_rule& rule) {
  const std::lock_guard lock(mutex_);
  const auto [at, added] = ids_.try_emplace(rule, size_);
  if (!added) return at->second;
  if (size_ == kCapacity) {
    ids_.erase(at);
    return UNWIND_RULE_UNSUPPORTED;
  }
  rules_[size_] = rule;
  return size_++;
}

std::span<const unwind_rule> RuleDictionary::rules() const {
  const std::lock_guard lock(mutex_);
  return {rules_.get(), size_};
}

}  // namespace prof
