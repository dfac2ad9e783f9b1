#include "report/stack_tree.h"

#include "common/hash.h"

namespace prof {

uint32_t StackTree::root(uint32_t group, FrameId frame) {
  if (group >= roots_.size()) roots_.resize(group + 1, 0);
  if (roots_[group] == 0) {
    StackNode node;
    node.frame = frame;
    node.group = group;
    profile_.nodes.push_back(node);
    roots_[group] = static_cast<uint32_t>(profile_.nodes.size());
  }
  return roots_[group] - 1;
}

uint32_t StackTree::child(uint32_t parent, FrameId frame) {
  const uint64_t key = uint64_t{parent} << 32 | frame.value;
  const size_t mask = slots_.size() - 1;
  size_t slot = hash_mix(key, 0) & mask;
  for (; slots_[slot].node != 0; slot = (slot + 1) & mask) {
    if (slots_[slot].key == key) return slots_[slot].node - 1;
  }
  StackNode node;
  node.parent = parent;
  node.frame = frame;
  node.group = profile_.nodes[parent].group;
  profile_.nodes.push_back(node);
  const auto index = static_cast<uint32_t>(profile_.nodes.size());
  slots_[slot] = {key, index};
  if (++used_ * 2 > slots_.size()) grow();
  return index - 1;
}

void StackTree::grow() {
  std::vector<Slot> old(slots_.size() * 2);
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
