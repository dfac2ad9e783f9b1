// UnwindShards: puts unwind tables into the memory that the kernel-side unwinder searches. Used by
// whoever fills its maps; the form is bpf/unwind_tables.h.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "bpf/unwind_tables.h"
#include "unwind/unwind_table.h"

namespace prof {

class UnwindShards {
 public:
  /// Gives the memory of the next shard, UNWIND_SHARD_WORDS words of zeros; less when there is
  /// none.
  using NextShard = std::function<std::span<uint32_t>()>;

  explicit UnwindShards(NextShard next) : next_(std::move(next)) {}

  /// Where the table now is; nothing if it is too large for a module, or there is no room left.
  /// What was begun is then lost room. A table without code gives a module without pages.
  std::optional<unwind_module> place(const UnwindTable& table);

  uint32_t shards() const { return shards_; }

 private:
  /// So many words, one after the other; the number of the first.
  std::optional<uint32_t> reserve(size_t words);
  bool begin_shard();

  NextShard next_;
  std::span<uint32_t> shard_;  // that is being filled
  uint32_t shards_ = 0;
  size_t used_ = 0;  // words of it
};

}  // namespace prof
