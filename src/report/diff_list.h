// The rows of a comparison for people and programs: in order, as a table, as JSON. Called by the
// diff command.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/output.h"
#include "report/diff.h"

namespace prof {

/// What rows are ordered by: the size of a difference, what a side has, or the name.
enum class DiffSort : uint8_t { Self, Total, Before, After, Name };

/// "self", "total", "before", "after" or "name".
std::optional<DiffSort> diff_sort_named(std::string_view text);

struct DiffListOptions {
  DiffSort sort = DiffSort::Self;
  /// So many rows, and all that are sure; 0: all there are.
  size_t limit = 0;
  std::string separator = {};  // between columns, which are not aligned then
  bool colour = false;         // for a terminal
};

/// Indexes of rows: those that changed for sure first, both parts in order. How many are sure goes
/// to `sure`.
std::vector<uint32_t> ordered_rows(const DiffResult& result, DiffSort sort, size_t* sure);

void print_diff(const DiffResult& result, const DiffListOptions& options, Output& out);
void print_diff_json(const DiffResult& result, const DiffListOptions& options, Output& out);

}  // namespace prof
