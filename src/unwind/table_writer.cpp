#include "unwind/table_writer.h"

#include <algorithm>
#include <limits>

namespace prof {

Result<TableWriter> TableWriter::create(RuleDictionary& dictionary, uint64_t begin, uint64_t end) {
  if (begin >= end) return fail("it has no code");
  if (end - begin > kMaxSpan) return fail("its code lies further apart than 4 GiB");
  return TableWriter(dictionary, begin, end);
}

TableWriter::TableWriter(RuleDictionary& dictionary, uint64_t begin, uint64_t end)
    : dictionary_(&dictionary), last_(end - 1), last_addr_(begin) {
  memo_.resize(kMemoSize);
  for (Memo& memo : memo_) memo = {dictionary[UNWIND_RULE_NONE], UNWIND_RULE_NONE};
  table_.first_page_ = begin >> UNWIND_PAGE_BITS;
  table_.pages_.reserve(static_cast<size_t>((last_ >> UNWIND_PAGE_BITS) - table_.first_page_ + 2));
  open_pages_to(table_.first_page_);
}

uint32_t TableWriter::id_of(const unwind_rule& rule) {
  Memo& memo = memo_[hash_rule(rule) % kMemoSize];
  if (!same_rule(memo.rule, rule)) memo = {rule, dictionary_->intern(rule)};
  return memo.id;
}

void TableWriter::open_pages_to(uint64_t page) {
  while (table_.first_page_ + table_.pages_.size() <= page) {
    table_.pages_.push_back(static_cast<uint32_t>(table_.rows_.size()));
    table_.rows_.push_back(unwind_row(0, last_id_));
  }
}

void TableWriter::add(uint64_t addr, const unwind_rule& rule) {
  add(addr, id_of(rule));
}

void TableWriter::add(uint64_t addr, uint32_t id) {
  if (addr > last_ || id == last_id_) return;
  addr = std::max(addr, last_addr_);
  // An index of 32 bits cannot count more; no file with so many rows exists.
  if (table_.rows_.size() >= std::numeric_limits<uint32_t>::max() / 2) return;
  open_pages_to(addr >> UNWIND_PAGE_BITS);
  const auto in_page = static_cast<uint32_t>(addr) & (UNWIND_PAGE_SIZE - 1);
  if (unwind_row_begin(table_.rows_.back()) == in_page) {
    table_.rows_.back() = unwind_row(in_page, id);
  } else {
    table_.rows_.push_back(unwind_row(in_page, id));
  }
  last_addr_ = addr;
  last_id_ = id;
}

UnwindTable TableWriter::finish(const UnwindTableCounts& counts) && {
  open_pages_to(last_ >> UNWIND_PAGE_BITS);
  table_.pages_.push_back(static_cast<uint32_t>(table_.rows_.size()));
  table_.rows_.shrink_to_fit();
  table_.counts_ = counts;
  table_.counts_.rows = table_.rows_.size();
  return std::move(table_);
}

}  // namespace prof
