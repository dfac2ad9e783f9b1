// SequenceList: many short sequences of numbers, and their sorted order. Used by StackTree, whose
// stacks are sequences of frames.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "common/huge_allocator.h"

namespace prof {

class SequenceList {
 public:
  /// Numbers below UINT32_MAX.
  void reserve(size_t sequences, size_t numbers);
  void begin() {
    begin_ = next_;
    begins_.push_back(nullptr);
  }
  void append(uint32_t number) { put(number + 1); }
  void end() {
    put(kEnd);
    begins_.back() = begin_;
  }

  size_t size() const { return begins_.size(); }

  /// A sequence as it is held: each number plus one, then kEnd.
  static constexpr uint32_t kEnd = 0;
  const uint32_t* raw(uint32_t index) const { return begins_[index]; }

  /// The indexes of all sequences in lexical order; equal ones side by side, in any order.
  std::vector<uint32_t> sorted() const;

 private:
  /// Not filled with zeros, as a vector's memory is: most of it is written once.
  class Block {
   public:
    explicit Block(size_t size) : data_(HugeAllocator<uint32_t>().allocate(size)), size_(size) {}
    Block(Block&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), size_(other.size_) {}
    Block& operator=(Block&&) = delete;
    ~Block() {
      if (data_) HugeAllocator<uint32_t>().deallocate(data_, size_);
    }
    uint32_t* data() { return data_; }
    size_t size() const { return size_; }

   private:
    uint32_t* data_;
    size_t size_;
  };

  void put(uint32_t number) {
    if (next_ == limit_) add_block(0);
    *next_++ = number;
  }
  /// A block for at least `numbers`; what there is of the last sequence moves to it.
  void add_block(size_t numbers);

  // Blocks are never moved: a list that doubles in place needs three times its size while it does.
  std::vector<Block> blocks_;
  std::vector<const uint32_t*> begins_;
  uint32_t* begin_ = nullptr;  // of the last sequence
  uint32_t* next_ = nullptr;
  uint32_t* limit_ = nullptr;
};

}  // namespace prof
