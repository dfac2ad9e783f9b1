// SequenceList: many short sequences of numbers, and their sorted order. Used by StackTree, whose
// stacks are sequences of frames.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/huge_allocator.h"
#include "common/number_blocks.h"

namespace prof {

/// What belongs to a sequence lies before it, so that it is in the cache when the sequence is.
class SequenceList {
 public:
  struct Weight {
    uint64_t samples = 0;
    uint64_t period = 0;
  };

  void reserve(size_t sequences, size_t numbers);
  void begin(const Weight& weight);
  /// A number below UINT32_MAX.
  void append(uint32_t number) {
    most_ = std::max(most_, number + 1);
    numbers_.put(number + 1);
  }
  void end();

  size_t size() const { return size_; }

  /// A sequence as it is held: each number plus one, then kEnd.
  using Sequence = const uint32_t*;
  static constexpr uint32_t kEnd = 0;
  static Weight weight_of(Sequence sequence) {
    return {word(sequence, kSamples), word(sequence, kPeriod)};
  }
  /// Its place in the order of adding.
  static uint32_t number_of(Sequence sequence) { return sequence[kNumber - kHead]; }

  struct Item {
    uint64_t key;  // for sorted() only: some of its numbers
    Sequence sequence;
  };
  using Items = std::vector<Item, HugeAllocator<Item>>;
  /// All of them in lexical order; equal ones side by side, in any order.
  Items sorted() const;

 private:
  // Where in what lies before a sequence.
  static constexpr int kLength = 0;  // of all until the next one
  static constexpr int kNumber = 1;
  static constexpr int kSamples = 2, kPeriod = 4;  // low word first
  static constexpr int kHead = 6;

  static uint64_t word(Sequence sequence, int at) {
    return sequence[at - kHead] | uint64_t{sequence[at + 1 - kHead]} << 32;
  }
  void put_word(uint64_t word);

  NumberBlocks numbers_;
  uint32_t most_ = 0;  // as it is held
  uint32_t size_ = 0;
};

}  // namespace prof
