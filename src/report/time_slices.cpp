#include "report/time_slices.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>

namespace prof {

namespace {

constexpr double kSliceSeconds = 0.1;
// Few long slices rather than many short ones: what a program does in one is like what it does in
// the next, and only what is in different slices is taken for independent.
constexpr uint32_t kLeastSlices = 10, kMostSlices = 40;
constexpr uint64_t kLeastSamples = 20;
constexpr uint32_t kLeastFilled = 5;  // slices with samples

struct Span {
  uint64_t first = 0, last = 0;  // ns
  uint64_t samples = 0;
  double seconds() const { return static_cast<double>(last - first) / 1e9; }
};

Span span_of(const Profile& profile, uint32_t event) {
  Span span;
  for (const TimelineSample& sample : profile.timeline.samples) {  // in the order of times
    if (sample.event != event || sample.time == 0) continue;
    if (span.samples++ == 0) span.first = sample.time;
    span.last = sample.time;
  }
  return span;
}

class Slicer {
 public:
  Slicer(const Profile& profile, Weight weight, uint32_t rows,
         std::span<const uint32_t> row_of_node)
      : profile_(profile), weight_(weight), row_of_node_(row_of_node), of_row_(rows) {}

  TimeSlices run(uint32_t event, const Span& span) {
    const double wanted = std::round(span.seconds() / kSliceSeconds);
    const uint32_t count =
        static_cast<uint32_t>(std::clamp<double>(wanted, kLeastSlices, kMostSlices));
    const uint64_t length = std::max<uint64_t>((span.last - span.first) / count + 1, 1);
    slices_.whole.assign(count, 0);
    slices_.slice_seconds = span.seconds() / count;
    for (const TimelineSample& sample : profile_.timeline.samples) {
      if (sample.event != event || sample.time == 0) continue;
      const auto slice = static_cast<uint32_t>((sample.time - span.first) / length);
      if (slice != at_) flush();
      at_ = slice;
      leaves_[sample.node] += weight_ == Weight::Samples ? sample.samples : sample.period;
    }
    flush();
    lay_down();
    return std::move(slices_);
  }

  TimeSlices run_whole(uint32_t event) {
    slices_.whole.assign(1, 0);
    slices_.slice_seconds = seconds_of(profile_, event);
    for (uint32_t i = 0; i < profile_.nodes.size(); ++i) {
      const StackNode& node = profile_.nodes[i];
      if (profile_.groups[node.group].event != event) continue;
      const uint64_t own = weight_ == Weight::Samples ? node.self_samples : node.self_period;
      if (own != 0) leaves_[i] = own;
    }
    flush();
    lay_down();
    return std::move(slices_);
  }

 private:
  struct Row {
    double self = 0, total = 0;
    uint32_t leaf = UINT32_MAX;  // the last leaf that counted to the total
    bool listed = false;
  };
  struct Entry {
    uint32_t row;
    TimeSlices::Cell cell;
  };

  /// Each distinct stack of a slice is walked once.
  void flush() {
    for (const auto& [leaf, weight] : leaves_) {
      const auto value = static_cast<double>(weight);
      slices_.whole[at_] += value;
      for (uint32_t node = leaf; node != UINT32_MAX; node = profile_.nodes[node].parent) {
        const uint32_t index = row_of_node_[node];
        if (index == kNoSliceRow) continue;
        Row& row = of_row_[index];
        if (!row.listed) touched_.push_back(index);
        row.listed = true;
        if (node == leaf) row.self += value;
        if (row.leaf == leaf) continue;
        row.leaf = leaf;
        row.total += value;
      }
    }
    for (const uint32_t index : touched_) {
      const Row& row = of_row_[index];
      entries_.push_back(
          {index, {at_, static_cast<float>(row.self), static_cast<float>(row.total)}});
      of_row_[index] = {};
    }
    touched_.clear();
    leaves_.clear();
  }

  void lay_down() {
    auto& begin = slices_.begin;
    begin.assign(of_row_.size() + 1, 0);
    for (const Entry& entry : entries_) ++begin[entry.row + 1];
    for (size_t i = 1; i < begin.size(); ++i) begin[i] += begin[i - 1];
    std::vector<uint32_t> next(begin.begin(), begin.end() - 1);
    slices_.cells.resize(entries_.size());
    for (const Entry& entry : entries_) slices_.cells[next[entry.row]++] = entry.cell;
  }

  const Profile& profile_;
  const Weight weight_;
  const std::span<const uint32_t> row_of_node_;
  std::vector<Row> of_row_;
  std::unordered_map<uint32_t, uint64_t> leaves_;  // of the slice at hand
  std::vector<uint32_t> touched_;
  std::vector<Entry> entries_;
  TimeSlices slices_;
  uint32_t at_ = 0;
};

}  // namespace

std::optional<TimeSlices> slice_by_time(const Profile& profile, uint32_t event, Weight weight,
                                        uint32_t rows, std::span<const uint32_t> row_of_node) {
  if (event >= profile.events.size() || profile.events[event].counted_stacks != 0) return {};
  const Span span = span_of(profile, event);
  if (span.samples < kLeastSamples || span.last <= span.first) return {};
  TimeSlices slices = Slicer(profile, weight, rows, row_of_node).run(event, span);
  const auto filled = std::ranges::count_if(slices.whole, [](double sum) { return sum > 0; });
  if (filled < kLeastFilled) return {};
  // Samples that stacks were joined of, or that were hidden since, have no moment of their own.
  const ProfileEvent& facts = profile.events[event];
  const auto all = static_cast<double>(weight == Weight::Samples ? facts.samples : facts.period);
  const double sum = std::accumulate(slices.whole.begin(), slices.whole.end(), 0.0);
  constexpr double kPrecision = 1e-6;
  if (std::fabs(sum - all) > kPrecision * all) return {};
  return slices;
}

TimeSlices one_slice(const Profile& profile, uint32_t event, Weight weight, uint32_t rows,
                     std::span<const uint32_t> row_of_node) {
  return Slicer(profile, weight, rows, row_of_node).run_whole(event);
}

double seconds_of(const Profile& profile, uint32_t event) {
  const Span span = span_of(profile, event);
  return span.samples > 1 ? span.seconds() : 0;
}

}  // namespace prof
