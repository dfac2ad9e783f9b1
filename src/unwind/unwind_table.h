// UnwindTable: for each address of a binary the id of its unwind rule, in 4 bytes a row. Made by
// the table builder, searched by the walkers; the kernel-side unwinder gets the same arrays.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "bpf/unwind_rule.h"
#include "common/address.h"

namespace prof {

/// What a table was made of, and what could not be taken over.
struct UnwindTableCounts {
  uint64_t rows = 0;
  uint64_t fdes = 0;
  uint64_t unsupported_rows = 0;  // rules that a struct unwind_rule cannot say
  uint64_t broken_fdes = 0;       // entries that are malformed, at least in part
  bool has_cfi = false;           // else frame pointers are guessed at
  bool asked_debug_file = false;  // what the file itself says leaves much of its code out
};

class UnwindTable {
 public:
  UnwindTable() = default;
  /// Of a table's own arrays, as the accessors below give them; what they hold was checked.
  UnwindTable(uint64_t first_page, std::vector<uint32_t> pages, std::vector<uint32_t> rows,
              const UnwindTableCounts& counts)
      : first_page_(first_page),
        pages_(std::move(pages)),
        rows_(std::move(rows)),
        counts_(counts) {}

  /// The id of the rule for the instruction at `pc`; UNWIND_RULE_NONE outside of the code.
  uint32_t find(ElfAddr pc) const {
    const uint64_t page = (raw(pc) >> UNWIND_PAGE_BITS) - first_page_;
    if (page >= page_count()) return UNWIND_RULE_NONE;
    const auto in_page = static_cast<uint32_t>(raw(pc)) & (UNWIND_PAGE_SIZE - 1);
    return find_in_page(pages_[page], pages_[page + 1], in_page);
  }

  const UnwindTableCounts& counts() const { return counts_; }
  /// The page that pages()[0] is of: address / 4096.
  uint64_t first_page() const { return first_page_; }
  size_t page_count() const { return pages_.empty() ? 0 : pages_.size() - 1; }
  /// Where each page's rows begin in rows(), and one more entry, their end.
  std::span<const uint32_t> pages() const { return pages_; }
  /// See bpf/unwind_rule.h for their bits.
  std::span<const uint32_t> rows() const { return rows_; }
  size_t memory() const { return (pages_.capacity() + rows_.capacity()) * sizeof(uint32_t); }

 private:
  friend class TableWriter;

  /// A page has at least the row of its first byte, so that a search never leaves it. Without
  /// branches that depend on the data: they would be mispredicted half of the time.
  uint32_t find_in_page(uint32_t begin, uint32_t end, uint32_t in_page) const {
    const uint32_t key = unwind_row(in_page, UNWIND_RULE_MASK);
    const uint32_t* row = rows_.data() + begin;
    for (uint32_t left = end - begin; left > 1;) {
      const uint32_t half = left / 2;
      row += row[half] <= key ? half : 0;
      left -= half;
    }
    return unwind_row_rule(*row);
  }

  uint64_t first_page_ = 0;
  std::vector<uint32_t> pages_;
  std::vector<uint32_t> rows_;
  UnwindTableCounts counts_;
};

}  // namespace prof
