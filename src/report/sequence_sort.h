// SequenceList: many short sequences of numbers, and their sorted order. Used by StackTree, whose
// stacks are sequences of frames.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/number_blocks.h"

namespace prof {

class SequenceList {
 public:
  /// Numbers below UINT32_MAX.
  void reserve(size_t sequences, size_t numbers);
  void begin() { numbers_.begin(); }
  void append(uint32_t number) { numbers_.put(number + 1); }
  void end() {
    numbers_.put(kEnd);
    begins_.push_back(numbers_.last());
  }

  size_t size() const { return begins_.size(); }

  /// A sequence as it is held: each number plus one, then kEnd.
  static constexpr uint32_t kEnd = 0;
  const uint32_t* raw(uint32_t index) const { return begins_[index]; }

  /// The indexes of all sequences in lexical order; equal ones side by side, in any order.
  std::vector<uint32_t> sorted() const;

 private:
  NumberBlocks numbers_;
  std::vector<const uint32_t*> begins_;
};

}  // namespace prof
