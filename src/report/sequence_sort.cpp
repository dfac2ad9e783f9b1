#include "report/sequence_sort.h"

#include <algorithm>

namespace prof {

// Multikey quicksort (Bentley and Sedgewick, "Fast algorithms for sorting and searching strings")
// on as many numbers at a time as a key holds, which each item carries along: a sequence itself,
// which lies anywhere in memory, is only visited once for all of them.

namespace {

constexpr size_t kFew = 12;         // so few items are sorted by insertion
constexpr size_t kFetchAhead = 12;  // items whose sequences are on their way
constexpr int kMostSplits = 48;     // of one depth; then an ordinary sort takes over

using Item = SequenceList::Item;  // its key: the numbers at the depth that is being sorted

/// A key is made of kNumbers numbers of kBits.
template <unsigned kBits>
class Sorter {
 public:
  explicit Sorter(SequenceList::Items& items) : items_(items) {}

  void sort() {
    push(0, items_.size(), 0, kFresh);
    while (!waiting_.empty()) {
      const Range range = waiting_.back();
      waiting_.pop_back();
      take(range);
    }
  }

 private:
  static constexpr unsigned kNumbers = 64 / kBits;
  static constexpr int kFresh = -1;  // the items' keys are not those of this depth yet
  struct Range {
    size_t begin, end;
    uint32_t depth;
    int splits;
  };

  void push(size_t begin, size_t end, uint32_t depth, int splits) {
    if (end - begin > 1) waiting_.push_back({begin, end, depth, splits});
  }

  static uint64_t key_at(SequenceList::Sequence sequence, uint32_t depth) {
    const uint32_t* at = sequence + depth;
    uint64_t key = 0;
    for (unsigned i = 0; i < kNumbers; ++i) {
      // What lies behind an end is another sequence's.
      if (at[i] == SequenceList::kEnd) return i == 0 ? 0 : key << (kNumbers - i) * kBits;
      key = key << kBits | at[i];
    }
    return key;
  }
  /// Whether a sequence ends within the numbers of its key.
  static bool ends(uint64_t key) {
    return (key & ((uint64_t{1} << kBits) - 1)) == SequenceList::kEnd;
  }

  void take(Range range) {
    if (range.splits == kFresh) {
      load_keys(range);
      range.splits = 0;
    }
    if (range.end - range.begin <= kFew) {
      insertion_sort(range);
    } else if (range.splits > kMostSplits) {
      sort_by_key(range);
    } else {
      split(range);
    }
  }

  void load_keys(const Range& range) {
    for (size_t i = range.begin; i < range.end; ++i) {
      if (i + kFetchAhead < range.end) {
        __builtin_prefetch(items_[i + kFetchAhead].sequence + range.depth);
      }
      items_[i].key = key_at(items_[i].sequence, range.depth);
    }
  }

  uint64_t pivot_of(const Range& range) const {
    const auto key = [&](size_t part) {
      return items_[range.begin + (range.end - range.begin - 1) * part / 8].key;
    };
    const auto median = [](uint64_t a, uint64_t b, uint64_t c) {
      return std::max(std::min(a, b), std::min(std::max(a, b), c));
    };
    return median(median(key(0), key(1), key(2)), median(key(3), key(4), key(5)),
                  median(key(6), key(7), key(8)));
  }

  void split(const Range& range) {
    const uint64_t pivot = pivot_of(range);
    size_t less = range.begin;
    size_t greater = range.end;
    for (size_t at = range.begin; at < greater;) {
      if (items_[at].key < pivot) {
        std::swap(items_[at++], items_[less++]);
      } else if (items_[at].key > pivot) {
        std::swap(items_[at], items_[--greater]);
      } else {
        ++at;
      }
    }
    push(range.begin, less, range.depth, range.splits + 1);
    push(greater, range.end, range.depth, range.splits + 1);
    if (!ends(pivot)) push(less, greater, range.depth + kNumbers, kFresh);
  }

  void sort_by_key(const Range& range) {
    const auto begin = items_.begin() + static_cast<std::ptrdiff_t>(range.begin);
    const auto end = items_.begin() + static_cast<std::ptrdiff_t>(range.end);
    std::sort(begin, end, [](const Item& a, const Item& b) { return a.key < b.key; });
    for (size_t at = range.begin; at < range.end;) {
      size_t next = at;
      while (next < range.end && items_[next].key == items_[at].key) ++next;
      if (!ends(items_[at].key)) push(at, next, range.depth + kNumbers, kFresh);
      at = next;
    }
  }

  bool before(const Item& a, const Item& b, uint32_t depth) const {
    uint64_t x = a.key;
    uint64_t y = b.key;
    while (x == y && !ends(x)) {
      depth += kNumbers;
      x = key_at(a.sequence, depth);
      y = key_at(b.sequence, depth);
    }
    return x < y;
  }

  void insertion_sort(const Range& range) {
    for (size_t i = range.begin + 1; i < range.end; ++i) {
      const Item item = items_[i];
      size_t at = i;
      for (; at > range.begin && before(item, items_[at - 1], range.depth); --at) {
        items_[at] = items_[at - 1];
      }
      items_[at] = item;
    }
  }

  SequenceList::Items& items_;
  std::vector<Range> waiting_;
};

}  // namespace

void SequenceList::reserve(size_t sequences, size_t numbers) {
  numbers_.reserve(numbers + sequences * (kHead + 1));
}

void SequenceList::begin(const Weight& weight) {
  numbers_.begin();
  numbers_.put(0);  // end() knows the length
  numbers_.put(size_);
  put_word(weight.samples);
  put_word(weight.period);
}

void SequenceList::put_word(uint64_t word) {
  numbers_.put(static_cast<uint32_t>(word));
  numbers_.put(static_cast<uint32_t>(word >> 32));
}

void SequenceList::end() {
  numbers_.put(kEnd);
  numbers_.last()[kLength] = static_cast<uint32_t>(numbers_.length());
  ++size_;
}

SequenceList::Items SequenceList::sorted() const {
  Items items;
  items.reserve(size_);
  numbers_.for_each_part([&](const uint32_t* at, const uint32_t* end) {
    for (; at != end; at += at[kLength]) items.push_back({0, at + kHead});
  });
  if (most_ <= UINT16_MAX) {
    Sorter<16>(items).sort();
  } else {
    Sorter<32>(items).sort();
  }
  return items;
}

}  // namespace prof
