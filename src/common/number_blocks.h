// NumberBlocks: many sequences of numbers, one after the other in blocks that are never moved. Used
// by the tables of stacks.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "common/huge_allocator.h"

namespace prof {

/// A vector that doubles writes all it holds twice, and needs three times its size while it does:
/// memory that is touched for the first time is dear.
class NumberBlocks {
 public:
  /// Makes room for so many numbers more, in one block.
  void reserve(size_t numbers) { add_block(numbers); }
  /// Starts a sequence.
  void begin() { begin_ = next_; }
  void put(uint32_t number) {
    if (next_ == limit_) add_block(0);
    *next_++ = number;
  }
  /// The last sequence, and how many numbers it has so far. It stays where it is once another one
  /// was started.
  uint32_t* last() { return begin_; }
  size_t length() const { return static_cast<size_t>(next_ - begin_); }
  /// visit(begin, end): sequences that lie one behind the other, all of them in the order in which
  /// they were started.
  template <class Visit>
  void for_each_part(Visit&& visit) const {
    for (const Block& block : blocks_) {
      const uint32_t* end = &block == &blocks_.back() ? next_ : block.data() + block.used;
      if (end != block.data()) visit(block.data(), end);
    }
  }

 private:
  /// Not filled with zeros, as a vector's memory is.
  class Block {
   public:
    explicit Block(size_t size) : data_(HugeAllocator<uint32_t>().allocate(size)), size_(size) {}
    Block(Block&& other) noexcept
        : used(other.used), data_(std::exchange(other.data_, nullptr)), size_(other.size_) {}
    Block& operator=(Block&&) = delete;
    ~Block() {
      if (data_) HugeAllocator<uint32_t>().deallocate(data_, size_);
    }
    uint32_t* data() const { return data_; }
    size_t size() const { return size_; }

    size_t used = 0;  // once there is another block

   private:
    uint32_t* data_;
    size_t size_;
  };

  /// What there is of the last sequence moves to it.
  void add_block(size_t numbers) {
    constexpr size_t kLeast = 1024, kMost = size_t{4} << 20;
    const size_t begun = length();
    const size_t grown = blocks_.empty() ? kLeast : std::min(2 * blocks_.back().size(), kMost);
    Block block(std::max({numbers, grown, 2 * begun}));
    if (!blocks_.empty()) {
      blocks_.back().used = static_cast<size_t>(begin_ - blocks_.back().data());
    }
    std::copy(begin_, next_, block.data());
    begin_ = block.data();
    next_ = begin_ + begun;
    limit_ = begin_ + block.size();
    blocks_.push_back(std::move(block));
  }

  std::vector<Block> blocks_;
  uint32_t* begin_ = nullptr;  // of the last sequence
  uint32_t* next_ = nullptr;
  uint32_t* limit_ = nullptr;
};

}  // namespace prof
