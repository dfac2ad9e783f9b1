// HugeAllocator: memory for tables that are looked up at random, in huge pages where they are
// large. Used by the tables of stacks.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <new>

namespace prof {

/// A lookup in a table of many megabytes costs a cache miss and, in pages of 4 KiB, a page walk
/// that is as dear, or dearer inside a virtual machine. Small blocks are ordinary ones.
template <class T>
struct HugeAllocator {
  using value_type = T;

  HugeAllocator() = default;
  template <class U>
  HugeAllocator(const HugeAllocator<U>&) {}

  T* allocate(size_t count) {
    const size_t size = count * sizeof(T);
    if (size < kLarge) return static_cast<T*>(::operator new(size));
    const size_t whole = (size + kHugePage - 1) / kHugePage * kHugePage;
    void* memory = std::aligned_alloc(kHugePage, whole);
    if (!memory) throw std::bad_alloc();
    ::madvise(memory, whole, MADV_HUGEPAGE);  // advice: without it, it is slower
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, size_t count) {
    if (count * sizeof(T) < kLarge) {
      ::operator delete(memory);
    } else {
      std::free(memory);
    }
  }
  template <class U>
  bool operator==(const HugeAllocator<U>&) const {
    return true;
  }

 private:
  static constexpr size_t kHugePage = size_t{2} << 20;
  static constexpr size_t kLarge = 2 * kHugePage;
};

}  // namespace prof
