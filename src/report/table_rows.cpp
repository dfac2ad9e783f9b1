#include "report/table_rows.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace prof {

namespace {

Columns columns_of(const Columns& all, const RowCells& cells) {
  Columns out;
  const auto has = [&](SortKey key) { return is_number(key) || cells.has(key); };
  std::ranges::copy_if(all.shown, std::back_inserter(out.shown), has);
  std::ranges::copy_if(all.order, std::back_inserter(out.order), has);
  return out;
}

bool shows_modes(const Columns& columns) {
  return columns.shows(SortKey::KernelOverhead) || columns.shows(SortKey::UserOverhead) ||
         columns.shows(SortKey::GuestKernelOverhead) || columns.shows(SortKey::GuestUserOverhead);
}

/// Greatest first.
int falling(uint64_t a, uint64_t b) {
  return a > b ? -1 : b > a ? 1 : 0;
}

}  // namespace

TableRows::TableRows(const Profile& profile, std::vector<uint32_t> events,
                     const ReportOptions& options, const Columns& columns, const TableShape& shape)
    : profile_(profile),
      events_(std::move(events)),
      options_(options),
      columns_(columns_of(columns, RowCells(profile, profile.events[events_.front()], options))),
      shape_(shape),
      cells_(profile, profile.events[events_.front()], options) {
  const std::vector<SortKey> keys = columns.keys();
  for (const uint32_t event : events_) {
    const ProfileEvent& facts = profile.events[event];
    totals_.push_back({facts.total_period, facts.total_samples});
    if (options.relative) totals_.back() = {facts.period, facts.samples};
    histograms_.push_back(std::make_unique<Histogram>(profile, event, keys));
    modes_.push_back(shows_modes(columns) ? histograms_.back()->mode_periods()
                                          : std::vector<ModePeriods>{});
  }
  if (options.intervals) {
    resample_slices();
    sum_squares();
  }
  if (events_.size() == 1) {
    take_one();
  } else {
    take_group();
  }
  if (options.relative && !options.symbol_filter.empty()) sum_totals();
}

/// With --symbol-filter only rows of certain functions are.
bool TableRows::is_listed(const prof::Row& row) const {
  if ((shape_.children ? row.children : row.self).samples == 0) return false;
  return cells_.symbol(row.key).find(options_.symbol_filter) != std::string_view::npos;
}

void TableRows::take_one() {
  const Histogram& histogram = *histograms_.front();
  for (uint32_t i = 0; i < histogram.rows().size(); ++i) {
    const prof::Row& row = histogram.rows()[i];
    if (!is_listed(row)) continue;
    rows_.push_back({row.key, i, row.depth_down, row.depth_up});
    cells_of_.emplace_back();
    set(rows_.size() - 1, 0, i);
  }
}

/// What tells rows of different events apart, besides the event.
using Identity =
    std::tuple<StringId, int32_t, int32_t, int32_t, int32_t, StringId, FrameId, StringId, StringId>;

void TableRows::take_group() {
  const auto keys = columns_.keys();
  const auto has = [&](SortKey key) { return std::ranges::find(keys, key) != keys.end(); };
  const bool by_symbol = has(SortKey::Symbol), by_dso = has(SortKey::Dso);
  const bool by_comm = has(SortKey::Comm);
  const bool by_line = has(SortKey::Srcline) || has(SortKey::Srcfile);
  std::map<Identity, size_t> known;
  for (size_t event = 0; event < events_.size(); ++event) {
    const Histogram& histogram = *histograms_[event];
    for (uint32_t i = 0; i < histogram.rows().size(); ++i) {
      const prof::Row& row = histogram.rows()[i];
      if (!is_listed(row)) continue;
      const Frame& frame = profile_.frame(row.key.frame);
      const Identity identity(by_comm ? row.key.comm : StringId{}, row.key.pid, row.key.tid,
                              row.key.cpu, row.key.fields, row.key.parent,
                              by_symbol ? profile_.function_of(row.key.frame) : FrameId{},
                              by_dso && !by_symbol ? frame.dso : StringId{},
                              by_line ? frame.line : StringId{});
      const auto [it, added] = known.try_emplace(identity, rows_.size());
      if (added) {
        rows_.push_back({row.key, Histogram::kNoRow, row.depth_down, row.depth_up});
        cells_of_.resize(cells_of_.size() + events_.size());
      }
      if (event == 0) rows_[it->second].leader_row = i;
      set(it->second, event, i);
    }
  }
}

/// How the rows' shares differ from slice to slice of time.
void TableRows::resample_slices() {
  for (size_t event = 0; event < events_.size(); ++event) {
    const Histogram& histogram = *histograms_[event];
    std::vector<uint32_t> row_of_node(profile_.nodes.size());
    for (uint32_t i = 0; i < row_of_node.size(); ++i) row_of_node[i] = histogram.row_of(i);
    static_assert(Histogram::kNoRow == kNoSliceRow);
    const auto slices = slice_by_time(profile_, events_[event], Weight::Period,
                                      static_cast<uint32_t>(histogram.rows().size()), row_of_node);
    variances_.push_back(slices ? resample({&*slices, 1}, Denominator::Whole) : RowVariances());
    // Of all that percentages relate to, slices have what is shown.
    const auto shown = static_cast<double>(profile_.events[events_[event]].period);
    const double part = shown / std::max(static_cast<double>(totals_[event].period), 1.0);
    for (double& variance : variances_.back().self) variance *= part * part;
    for (double& variance : variances_.back().total) variance *= part * part;
  }
}

/// Periods may be of all sizes, as times away from a CPU are: a few large ones are more chance than
/// many small ones of the same sum. Those of one stack are taken for alike.
void TableRows::sum_squares() {
  for (const auto& histogram : histograms_) {
    RowSquares out;
    const size_t rows = histogram->rows().size();
    out.self.resize(rows);
    out.children.resize(rows);
    std::vector<double> below(profile_.nodes.size());
    for (auto i = static_cast<uint32_t>(below.size()); i-- > 0;) {
      const StackNode& node = profile_.nodes[i];
      const Counted own(static_cast<double>(node.self_period),
                        static_cast<double>(node.self_samples));
      below[i] += own.squares;
      if (node.parent != UINT32_MAX) below[node.parent] += below[i];
      const uint32_t row = histogram->row_of(i);
      if (row == Histogram::kNoRow) continue;
      out.self[row] += own.squares;
      if (histogram->sum(i).outermost) out.children[row] += below[i];
    }
    for (const uint32_t root : histogram->roots()) out.all += below[root];
    squares_.push_back(std::move(out));
  }
}

double TableRows::interval(size_t row, SortKey key, size_t event) const {
  const Cell& of = cell(row, event);
  const bool children = key == SortKey::Children && shape_.children;
  const auto counted = [](const Weights& weights, double squares) {
    Counted sum(static_cast<double>(weights.period), static_cast<double>(weights.samples));
    sum.squares = std::max(sum.squares, squares);
    return sum;
  };
  const Counted part =
      children ? counted(of.children, of.children_squares) : counted(of.self, of.self_squares);
  Variance variance{share_variance(part, counted(totals_[event], squares_[event].all))};
  const double drawn = children ? of.children_variance : of.self_variance;
  if (drawn > variance.value) variance = {drawn, variances_[event].freedom};
  return 100 * bound_of_95_percent(variance);
}

/// What is left by a filter of rows.
void TableRows::sum_totals() {
  for (size_t event = 0; event < events_.size(); ++event) {
    totals_[event] = {};
    for (size_t row = 0; row < rows_.size(); ++row) totals_[event] += self(row, event);
  }
}

void TableRows::set(size_t row, size_t event, uint32_t number) {
  const prof::Row& from = histograms_[event]->rows()[number];
  Cell& to = cells_of_[row * events_.size() + event];
  to.self = from.self;
  to.children = from.children;
  if (!squares_.empty()) {
    to.self_squares = squares_[event].self[number];
    to.children_squares = squares_[event].children[number];
  }
  if (!variances_.empty() && !variances_[event].self.empty()) {
    to.self_variance = variances_[event].self[number];
    to.children_variance = variances_[event].total[number];
  }
  if (!modes_[event].empty()) to.modes = modes_[event][number];
}

uint64_t TableRows::number(size_t row, SortKey key, size_t event) const {
  const Cell& of = cell(row, event);
  switch (key) {
    case SortKey::Children:
      return shape_.children ? of.children.period : of.self.period;
    case SortKey::KernelOverhead:
      return of.modes.kernel;
    case SortKey::UserOverhead:
      return of.modes.user;
    case SortKey::GuestKernelOverhead:
      return of.modes.guest_kernel;
    case SortKey::GuestUserOverhead:
      return of.modes.guest_user;
    case SortKey::Samples:
      return of.self.samples;
    default:
      return of.self.period;
  }
}

double TableRows::percent(uint64_t period, size_t event) const {
  if (totals_[event].period == 0) return 0;
  return static_cast<double>(period) * 100.0 / static_cast<double>(totals_[event].period);
}

uint64_t TableRows::samples(size_t row) const {
  uint64_t sum = 0;
  for (size_t event = 0; event < events_.size(); ++event) sum += shown(row, event).samples;
  return sum;
}

/// By the chosen member of a group first, then by all of them in their order.
int TableRows::compare_numbers(uint32_t a, uint32_t b, SortKey key) const {
  const auto by = [&](size_t event) {
    return falling(number(a, key, event), number(b, key, event));
  };
  const size_t chosen = options_.group_sort_index;
  if (chosen > 0 && chosen < events_.size()) {
    if (const int order = by(chosen); order != 0) return order;
    for (size_t event = 1; event < events_.size(); ++event) {
      if (const int order = by(event); order != 0) return order;
    }
    return 0;
  }
  for (size_t event = 0; event < events_.size(); ++event) {
    if (const int order = by(event); order != 0) return order;
  }
  return 0;
}

/// Callers above what they call, in the order of the graphs.
int TableRows::compare_depths(uint32_t a, uint32_t b) const {
  if (!shape_.graph) return 0;
  const Row& left = rows_[a];
  const Row& right = rows_[b];
  return shape_.caller_first ? falling(left.depth_down, right.depth_down)
                             : falling(right.depth_up, left.depth_up);
}

int TableRows::compare(uint32_t a, uint32_t b, SortKey key) const {
  if (!is_number(key)) return cells_.compare(rows_[a].key, rows_[b].key, key);
  const int order = compare_numbers(a, b, key);
  return order == 0 && key == SortKey::Children ? compare_depths(a, b) : order;
}

uint32_t TableRows::add_sum(std::span<const uint32_t> of) {
  const auto sum = static_cast<uint32_t>(rows_.size());
  rows_.push_back({rows_[of.front()].key, Histogram::kNoRow, 0, 0});
  cells_of_.resize(cells_of_.size() + events_.size());
  for (const uint32_t row : of) {
    for (size_t event = 0; event < events_.size(); ++event) {
      Cell& to = cells_of_[sum * events_.size() + event];
      const Cell& from = cell(row, event);
      to.self += from.self;
      to.children += from.children;
      to.modes += from.modes;
    }
  }
  return sum;
}

std::vector<uint32_t> TableRows::ordered() const {
  std::vector<uint32_t> order;
  order.reserve(rows_.size());
  for (uint32_t i = 0; i < rows_.size(); ++i) {
    if (percent(shown(i, 0).period, 0) >= options_.percent_limit) order.push_back(i);
  }
  std::ranges::sort(order, [&](uint32_t a, uint32_t b) {
    for (const SortKey key : columns_.order) {
      const int of_key = compare(a, b, key);
      if (of_key != 0) return of_key < 0;
    }
    return a < b;
  });
  return order;
}

}  // namespace prof
