#include "report/stack_tree.h"

#include "common/hash.h"

namespace prof {

namespace {
constexpr uint32_t kNone = UINT32_MAX;

uint64_t key_of(uint32_t parent, FrameId frame) {
  return uint64_t{parent} << 32 | frame.value;
}
}  // namespace

uint32_t StackTree::root(uint32_t group, FrameId frame) {
  if (group >= roots_.size()) roots_.resize(group + 1, 0);
  if (roots_[group] == 0) {
    StackNode node;
    node.frame = frame;
    node.group = group;
    profile_.nodes.push_back(node);
    hashed_.push_back(false);
    roots_[group] = static_cast<uint32_t>(profile_.nodes.size());
  }
  return roots_[group] - 1;
}

uint32_t StackTree::child(uint32_t parent, FrameId frame) {
  if (hashed_[parent]) {
    const uint32_t found = find_hashed(parent, frame);
    if (found != kNone) return found;
    const uint32_t node = add(parent, frame);
    insert_hashed(parent, node);
    return node;
  }
  uint32_t children = 0;
  for (uint32_t node = profile_.nodes[parent].first_child; node != kNone;
       node = profile_.nodes[node].next_sibling) {
    if (profile_.nodes[node].frame == frame) return node;
    ++children;
  }
  const uint32_t node = add(parent, frame);
  if (children + 1 > kFewChildren) {
    hashed_[parent] = true;
    for (uint32_t each = node; each != kNone; each = profile_.nodes[each].next_sibling) {
      insert_hashed(parent, each);
    }
  }
  return node;
}

uint32_t StackTree::add(uint32_t parent, FrameId frame) {
  const auto index = static_cast<uint32_t>(profile_.nodes.size());
  StackNode node;
  node.parent = parent;
  node.frame = frame;
  node.group = profile_.nodes[parent].group;
  node.next_sibling = profile_.nodes[parent].first_child;
  profile_.nodes[parent].first_child = index;
  profile_.nodes.push_back(node);
  hashed_.push_back(false);
  return index;
}

uint32_t StackTree::find_hashed(uint32_t parent, FrameId frame) const {
  const uint64_t key = key_of(parent, frame);
  const size_t mask = slots_.size() - 1;
  for (size_t slot = hash_mix(key, 0) & mask; slots_[slot].node != 0; slot = (slot + 1) & mask) {
    if (slots_[slot].key == key) return slots_[slot].node - 1;
  }
  return kNone;
}

void StackTree::insert_hashed(uint32_t parent, uint32_t node) {
  if (++used_ * 2 > slots_.size()) grow();
  const uint64_t key = key_of(parent, profile_.nodes[node].frame);
  const size_t mask = slots_.size() - 1;
  size_t slot = hash_mix(key, 0) & mask;
  while (slots_[slot].node != 0) slot = (slot + 1) & mask;
  slots_[slot] = {key, node + 1};
}

void StackTree::grow() {
  std::vector<Slot, HugeAllocator<Slot>> old(slots_.size() * 2);
  old.swap(slots_);
  const size_t mask = slots_.size() - 1;
  for (const Slot& entry : old) {
    if (entry.node == 0) continue;
    size_t slot = hash_mix(entry.key, 0) & mask;
    while (slots_[slot].node != 0) slot = (slot + 1) & mask;
    slots_[slot] = entry;
  }
}

}  // namespace prof
