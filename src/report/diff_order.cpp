#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "report/diff_list.h"

namespace prof {

namespace {

/// What a row has more of than those behind it.
double rank_of(const DiffRow& row, DiffSort sort) {
  switch (sort) {
    case DiffSort::Self:
      return std::fabs(row.self.change());
    case DiffSort::Total:
      return std::fabs(row.total.change());
    case DiffSort::Before:
      return row.self.before;
    case DiffSort::After:
      return row.self.after;
    case DiffSort::Name:
      return 0;
  }
  return 0;
}

}  // namespace

std::optional<DiffSort> diff_sort_named(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, DiffSort>, 5> kNames{
      {{"self", DiffSort::Self},
       {"total", DiffSort::Total},
       {"before", DiffSort::Before},
       {"after", DiffSort::After},
       {"name", DiffSort::Name}}};
  for (const auto& [name, sort] : kNames) {
    if (name == text) return sort;
  }
  return {};
}

std::vector<uint32_t> ordered_rows(const DiffResult& result, DiffSort sort, size_t* sure) {
  const auto& rows = result.rows;
  std::vector<uint32_t> order(rows.size());
  std::iota(order.begin(), order.end(), 0u);
  const auto text_of = [&](StringId id) {
    return id.valid() ? result.joined.strings[id] : std::string_view();
  };
  const auto by_name = [&](uint32_t a, uint32_t b) {
    const Frame& x = result.joined.frame(rows[a].function);
    const Frame& y = result.joined.frame(rows[b].function);
    if (x.name != y.name) return text_of(x.name) < text_of(y.name);
    if (x.dso_short != y.dso_short) return text_of(x.dso_short) < text_of(y.dso_short);
    return a < b;
  };
  std::ranges::sort(order, [&](uint32_t a, uint32_t b) {
    if (rows[a].sure() != rows[b].sure()) return rows[a].sure();
    const double x = rank_of(rows[a], sort), y = rank_of(rows[b], sort);
    if (x != y) return x > y;
    // Among those that did nothing themselves, what they called.
    const double p = sort == DiffSort::Name ? 0 : std::fabs(rows[a].total.change());
    const double q = sort == DiffSort::Name ? 0 : std::fabs(rows[b].total.change());
    if (p != q) return p > q;
    return by_name(a, b);
  });
  if (sure) {
    *sure = static_cast<size_t>(std::ranges::count_if(rows, &DiffRow::sure));
  }
  return order;
}

}  // namespace prof
