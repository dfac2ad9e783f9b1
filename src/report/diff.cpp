#include "report/diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/exporter.h"
#include "report/resampling.h"

namespace prof {

namespace {

constexpr double kNsPerMs = 1e6, kMsPerSecond = 1e3;

/// What a function has on one side.
struct Part {
  Counted self, total;
};

/// By frame, on both sides: what was spent in it, and below it, where recursion counts once.
class Totals {
 public:
  Totals(const Profile& joined, Weight weight) : joined_(joined), weight_(weight) {
    sum_subtrees();
    of_[0].resize(joined.frames.size());
    of_[1].resize(joined.frames.size());
    walk();
  }
  const Part& of(int side, uint32_t frame) const { return of_[side][frame]; }
  Counted whole(int side) const { return whole_[side]; }

 private:
  Counted own(int side, uint32_t node) const {
    const StackNode& after = joined_.nodes[node];
    const BeforeWeight& before = joined_.before[node];
    const uint64_t samples = side == 0 ? before.samples : after.self_samples;
    const uint64_t period = side == 0 ? before.period : after.self_period;
    return {static_cast<double>(weight_ == Weight::Samples ? samples : period),
            static_cast<double>(samples)};
  }
  void sum_subtrees() {
    for (int side = 0; side < 2; ++side) {
      subtree_[side].resize(joined_.nodes.size());
      for (auto i = static_cast<uint32_t>(joined_.nodes.size()); i-- > 0;) {
        subtree_[side][i] += own(side, i);
        const uint32_t parent = joined_.nodes[i].parent;
        (parent == UINT32_MAX ? whole_[side] : subtree_[side][parent]) += subtree_[side][i];
      }
    }
  }

  void walk() {
    std::vector<uint32_t> on_path(joined_.frames.size());  // how often
    std::vector<uint32_t> path;                            // nodes
    for (uint32_t i = 0; i < joined_.nodes.size(); ++i) {
      for (; !path.empty() && joined_.nodes[path.back()].end <= i; path.pop_back()) {
        --on_path[joined_.nodes[path.back()].frame.value];
      }
      path.push_back(i);
      const uint32_t frame = joined_.nodes[i].frame.value;
      const bool outermost = on_path[frame]++ == 0;
      for (int side = 0; side < 2; ++side) {
        of_[side][frame].self += own(side, i);
        if (outermost) of_[side][frame].total += subtree_[side][i];
      }
    }
  }

  const Profile& joined_;
  const Weight weight_;
  std::vector<Counted> subtree_[2];  // by node
  std::vector<Part> of_[2];          // by frame
  Counted whole_[2];
};

/// How weights of one side become the numbers that are compared: factor * weight / divisor.
struct Measure {
  Normalize normalize = Normalize::Share;
  double factor = 1, divisor = 1;
  Counted whole;
  RowVariances resampled;  // without a row where there are no slices

  double value(const Counted& part) const { return factor * part.weight / divisor; }

  double variance_of_counts(const Counted& part) const {
    if (normalize == Normalize::Share) return factor * factor * share_variance(part, whole);
    return factor * factor * sum_variance(part, whole) / (divisor * divisor);
  }
  /// The same if all samples of the side had one weight.
  double variance_of_likes(const Counted& part) const {
    return variance_of_counts({part.weight, part.weight * whole.samples / whole.weight});
  }
  /// Never less than what chance does to counts: slices may be alike by chance, too.
  Variance variance(const Counted& part, const std::vector<double>& by_row, uint32_t row) const {
    const double counted = variance_of_counts(part);
    if (resampled.freedom <= 0 || row >= by_row.size()) return {counted, kKnownVariance};
    const double drawn = factor * factor * by_row[row];
    if (drawn <= counted) return {counted, kKnownVariance};
    return {drawn, resampled.freedom};
  }
};

DiffSide side_of(const std::vector<DiffInput>& inputs, Weight weight) {
  DiffSide side;
  bool timed = true;
  for (const DiffInput& input : inputs) {
    const ProfileEvent& event = input.profile.events[input.event];
    side.files.push_back(input.name);
    side.samples += event.samples;
    side.weight += weight == Weight::Samples ? event.samples : event.period;
    side.lost += input.profile.lost_records;
    const double seconds = seconds_of(input.profile, input.event);
    timed = timed && seconds > 0;
    side.seconds += seconds;
  }
  if (!timed) side.seconds = 0;
  const ProfileEvent& first = inputs.front().profile.events[inputs.front().event];
  side.event = first.name;
  side.unit = weight == Weight::Samples ? "samples" : first.unit;
  return side;
}

Weight common_weight(const std::vector<DiffInput>& before, const std::vector<DiffInput>& after) {
  const auto by_samples = [](const DiffInput& input) { return input.natural == Weight::Samples; };
  return std::ranges::all_of(before, by_samples) && std::ranges::all_of(after, by_samples)
             ? Weight::Samples
             : Weight::Period;
}

bool are_times(const std::vector<DiffInput>& inputs) {
  return std::ranges::all_of(inputs, [](const DiffInput& input) {
    return input.profile.events[input.event].unit == "ns";
  });
}

/// Samples a second of CPU time; 0 where it is not known, or not the same in all.
uint64_t frequency_of(const std::vector<DiffInput>& inputs) {
  const auto of = [](const DiffInput& input) {
    return input.profile.events[input.event].frequency;
  };
  const uint64_t first = of(inputs.front());
  const bool same =
      std::ranges::all_of(inputs, [&](const DiffInput& input) { return of(input) == first; });
  return same ? first : 0;
}

/// Milliseconds that a weight of 1 stands for.
Result<double> milliseconds_each(const std::vector<DiffInput>& inputs, const DiffSide& side,
                                 Weight weight) {
  const std::string& name = side.files.front();
  if (side.seconds <= 0) {
    return fail("--normalize time: nothing says when the samples of '" + name + "' were taken",
                "recordings (perf.data) do; --normalize share compares shares", 2);
  }
  if (weight == Weight::Period && are_times(inputs)) return 1 / kNsPerMs;
  const uint64_t frequency = frequency_of(inputs);
  if (weight == Weight::Samples && frequency != 0) {
    return kMsPerSecond / static_cast<double>(frequency);
  }
  return fail(fmt::format("--normalize time: samples of '{}' in '{}' do not stand for a known time",
                          side.event, name),
              "events that count time, or are sampled by frequency (record -F), do; --normalize "
              "share compares shares",
              2);
}

class Comparison {
 public:
  Comparison(const std::vector<DiffInput>& before, const std::vector<DiffInput>& after,
             const DiffOptions& options)
      : inputs_{&before, &after}, options_(options) {}

  Result<DiffResult> run() {
    result_.normalize = options_.normalize;
    result_.weight = options_.weight.value_or(common_weight(*inputs_[0], *inputs_[1]));
    const bool times = options_.normalize == Normalize::Time && !options_.weight;
    if (times) {
      result_.weight =
          are_times(*inputs_[0]) && are_times(*inputs_[1]) ? Weight::Period : Weight::Samples;
    }
    result_.before = side_of(*inputs_[0], result_.weight);
    result_.after = side_of(*inputs_[1], result_.weight);
    auto joined = join_profiles(*inputs_[0], *inputs_[1], options_.join);
    if (!joined) return tl::unexpected(std::move(joined.error()));
    result_.joined = std::move(joined->profile);
    result_.knows_binaries = joined->knows_binaries;
    const Totals totals(result_.joined, result_.weight);
    for (const int side : {0, 1}) {
      if (auto done = measure(side, *joined, totals); !done) {
        return tl::unexpected(std::move(done.error()));
      }
    }
    const double each = sides_[1].factor / sides_[1].divisor;
    result_.scale = sides_[0].factor / sides_[0].divisor / each;
    make_rows(totals, joined->roots_are_functions);
    mark_sure(&DiffRow::self);
    mark_sure(&DiffRow::total);
    describe();
    return std::move(result_);
  }

 private:
  Result<void> measure(int number, const JoinedProfiles& joined, const Totals& totals) {
    const DiffSide& side = number == 0 ? result_.before : result_.after;
    Measure& measure = sides_[number];
    measure.normalize = options_.normalize;
    measure.whole = totals.whole(number);
    if (measure.whole.weight <= 0) return fail("no stacks in '" + side.files.front() + "'", {}, 2);
    switch (options_.normalize) {
      case Normalize::Share:
        measure.factor = 100;
        measure.divisor = measure.whole.weight;
        result_.unit = "%";
        break;
      case Normalize::Time: {
        auto each = milliseconds_each(*inputs_[number], side, result_.weight);
        if (!each) return tl::unexpected(std::move(each.error()));
        measure.factor = *each;
        measure.divisor = side.seconds;
        result_.unit = "ms/s";
        break;
      }
      case Normalize::None:
        measure.factor =
            1.0 /
            (result_.weight == Weight::Period ? result_.joined.events.front().period_scale : 1);
        result_.unit = side.unit;
        break;
    }
    resample_side(number, joined, measure);
    return {};
  }

  /// Where times are missing, files that vary tell more than counts, too.
  void resample_side(int number, const JoinedProfiles& joined, Measure& measure) {
    const std::vector<DiffInput>& inputs = *inputs_[number];
    const auto rows = static_cast<uint32_t>(result_.joined.frames.size());
    std::vector<TimeSlices> slices;
    const auto cut_all = [&](bool by_time) {
      slices.clear();
      for (size_t i = 0; i < inputs.size(); ++i) {
        const Profile& profile = inputs[i].profile;
        std::vector<uint32_t> row_of_node(profile.nodes.size());
        for (size_t node = 0; node < row_of_node.size(); ++node) {
          row_of_node[node] = joined.frames_of[number][i][profile.nodes[node].frame.value].value;
        }
        auto cut = by_time
                       ? slice_by_time(profile, inputs[i].event, result_.weight, rows, row_of_node)
                       : one_slice(profile, inputs[i].event, result_.weight, rows, row_of_node);
        if (!cut) return false;
        slices.push_back(std::move(*cut));
      }
      return true;
    };
    const bool by_time = cut_all(true);
    if (!by_time && (inputs.size() < kFilesThatVary || !cut_all(false))) return;
    for (const TimeSlices& file : slices) slices_ += by_time ? file.count() : 0;
    const Denominator by = options_.normalize == Normalize::Share  ? Denominator::Whole
                           : options_.normalize == Normalize::Time ? Denominator::Seconds
                                                                   : Denominator::None;
    measure.resampled = resample(slices, by);
    ++resampled_sides_;
  }

  DiffValue value_of(const Counted& before, const Counted& after, const Variance& variance) const {
    DiffValue value;
    value.before = sides_[0].value(before);
    value.after = sides_[1].value(after);
    value.bound = bound_of_95_percent(variance);
    value.chance = chance_of(value.change(), variance);
    return value;
  }

  void make_rows(const Totals& totals, bool roots_are_functions) {
    const Profile& joined = result_.joined;
    result_.spread.assign(joined.frames.size(), 1);
    for (uint32_t i = 0; i < joined.frames.size(); ++i) {
      const Part& before = totals.of(0, i);
      const Part& after = totals.of(1, i);
      if (before.total.weight == 0 && after.total.weight == 0) continue;
      const auto variance = [&](Counted Part::*part, std::vector<double> RowVariances::*drawn) {
        return variance_of_difference(
            sides_[0].variance(before.*part, sides_[0].resampled.*drawn, i),
            sides_[1].variance(after.*part, sides_[1].resampled.*drawn, i));
      };
      const Variance of_total = variance(&Part::total, &RowVariances::total);
      const double counted =
          sides_[0].variance_of_likes(before.total) + sides_[1].variance_of_likes(after.total);
      if (counted > 0) result_.spread[i] = std::max(of_total.value / counted, 1.0);
      if (joined.frames[i].kind == FrameKind::Process && !roots_are_functions) continue;
      DiffRow row;
      row.function = FrameId{i};
      row.self = value_of(before.self, after.self, variance(&Part::self, &RowVariances::self));
      row.total = value_of(before.total, after.total, of_total);
      result_.rows.push_back(row);
    }
  }

  /// Of many numbers some seem to change by chance: what is sure is chosen among all of a kind.
  void mark_sure(DiffValue DiffRow::*kind) {
    std::vector<double> chances;
    std::vector<DiffValue*> values;
    for (DiffRow& row : result_.rows) {
      DiffValue& value = row.*kind;
      if (value.before == 0 && value.after == 0) continue;
      chances.push_back(value.chance);
      values.push_back(&value);
    }
    const auto sure = sure_ones(chances);
    for (size_t i = 0; i < values.size(); ++i) values[i]->sure = sure[i];
  }

  void describe() {
    result_.is_resampled = resampled_sides_ == 2;
    const bool files = inputs_[0]->size() >= kFilesThatVary && inputs_[1]->size() >= kFilesThatVary;
    if (result_.is_resampled && slices_ == 0) {
      result_.method = "resampling files";
    } else if (result_.is_resampled) {
      result_.method =
          fmt::format("resampling {} slices of time{}", slices_, files ? ", and files" : "");
    } else if (resampled_sides_ == 1) {
      result_.method = "resampling on one side, the number of samples on the other";
    } else {
      result_.method = "the number of samples alone";
    }
  }

  const std::vector<DiffInput>* const inputs_[2];
  const DiffOptions& options_;
  DiffResult result_;
  Measure sides_[2];
  size_t slices_ = 0;
  int resampled_sides_ = 0;
};

/// Its stacks, with strings of their own.
Profile copy_of(const Profile& profile) {
  Profile out;
  for (uint32_t i = 0; i < profile.strings.size(); ++i) {
    out.strings.intern(profile.strings[StringId{i}]);
  }
  out.frames = profile.frames;
  out.groups = profile.groups;
  out.nodes = profile.nodes;
  out.events = profile.events;
  out.has_callchains = profile.has_callchains;
  return out;
}

}  // namespace

Result<DiffResult> compare(const std::vector<DiffInput>& before,
                           const std::vector<DiffInput>& after, const DiffOptions& options) {
  return Comparison(before, after, options).run();
}

Result<DiffResult> compare_sides(DiffInput both, const DiffOptions& options) {
  DiffInput before(both.name, copy_of(both.profile));
  before.event = both.event;
  before.natural = both.natural;
  Profile& profile = before.profile;
  ProfileEvent& event = profile.events[before.event];
  event.samples = event.period = 0;
  for (size_t i = 0; i < profile.nodes.size(); ++i) {
    const BeforeWeight& of = both.profile.before[i];
    profile.nodes[i].self_samples = of.samples;
    profile.nodes[i].self_period = of.period;
    event.samples += of.samples;
    event.period += of.period;
  }
  before.name += " (first count)";
  both.name += " (second count)";
  std::vector<DiffInput> sides[2];
  sides[0].push_back(std::move(before));
  sides[1].push_back(std::move(both));
  return compare(sides[0], sides[1], options);
}

}  // namespace prof
