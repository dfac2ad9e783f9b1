#include "record/unwind_shards.h"

#include <algorithm>
#include <vector>

namespace prof {

bool UnwindShards::begin_shard() {
  if (shards_ == UNWIND_MAX_SHARDS) return false;
  shard_ = next_();
  used_ = 0;
  if (shard_.size() < UNWIND_SHARD_WORDS) {
    shard_ = {};
    return false;
  }
  ++shards_;
  return true;
}

std::optional<uint32_t> UnwindShards::reserve(size_t words) {
  if (words > UNWIND_SHARD_WORDS) return std::nullopt;
  if (shard_.size() - std::min(used_, shard_.size()) < words && !begin_shard()) return std::nullopt;
  const uint32_t number = (shards_ - 1) * UNWIND_SHARD_WORDS + static_cast<uint32_t>(used_);
  used_ += words;
  return number;
}

std::optional<unwind_module> UnwindShards::place(const UnwindTable& table) {
  constexpr size_t kWordsOfPage = sizeof(unwind_page) / sizeof(uint32_t);
  unwind_module module{};
  module.first_page = table.first_page();
  module.page_count = static_cast<uint32_t>(table.page_count());
  if (module.page_count == 0) return module;
  const auto pages = reserve(table.page_count() * kWordsOfPage);
  if (!pages) return std::nullopt;
  module.pages = *pages;
  // The pages' own shard may not be the current one any more when their rows are placed.
  uint32_t* page = shard_.data() + *pages % UNWIND_SHARD_WORDS;
  const auto begins = table.pages();
  for (size_t i = 0; i < table.page_count(); ++i, page += kWordsOfPage) {
    const auto rows = table.rows().subspan(begins[i], begins[i + 1] - begins[i]);
    if (rows.size() >= size_t{1} << UNWIND_SEARCH_ROWS) return std::nullopt;
    const auto at = reserve(rows.size());
    if (!at) return std::nullopt;
    std::ranges::copy(rows, shard_.begin() + *at % UNWIND_SHARD_WORDS);
    page[0] = *at;
    page[1] = static_cast<uint32_t>(rows.size());
  }
  return module;
}

}  // namespace prof
