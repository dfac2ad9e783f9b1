#include "flamegraph/differences.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "report/noise.h"

namespace prof {

namespace {

/// The two sides as wholes, in weights of their own.
struct Sides {
  Counted before, after;
};

Sides sides_of(const Profile& profile, Weight weight) {
  double weights[2] = {}, samples[2] = {};  // before, after
  for (size_t i = 0; i < profile.nodes.size(); ++i) {
    const StackNode& after = profile.nodes[i];
    const BeforeWeight& before = profile.before[i];
    samples[0] += static_cast<double>(before.samples);
    samples[1] += static_cast<double>(after.self_samples);
    const bool periods = weight == Weight::Period;
    weights[0] += static_cast<double>(periods ? before.period : before.samples);
    weights[1] += static_cast<double>(periods ? after.self_period : after.self_samples);
  }
  return {{weights[0], samples[0]}, {weights[1], samples[1]}};
}

/// A node's samples are taken for as heavy as all others.
Counted part_of(uint64_t weight, const Counted& whole) {
  const auto value = static_cast<double>(weight);
  return {value, whole.weight > 0 ? value * whole.samples / whole.weight : 0};
}

/// The variance of after - before, as shares of the later whole.
double variance_of(const Counted& before, const Counted& after, const Sides& sides,
                   const DifferenceOptions& options) {
  const double whole = std::max(sides.after.weight, 1.0);
  if (options.by_share) {
    const double before_whole = sides.before.weight * options.scale / whole;  // 1, if it has any
    return share_variance(after, sides.after) +
           share_variance(before, sides.before) * before_whole * before_whole;
  }
  const double to_share = options.scale / whole;
  return sum_variance(after, sides.after) / (whole * whole) +
         sum_variance(before, sides.before) * to_share * to_share;
}

double spread_of(const CallTree::Node& node, const DifferenceOptions& options) {
  if (!node.frame.valid() || node.frame.value >= options.spread.size()) return 1;
  return options.spread[node.frame.value];
}

}  // namespace

Differences Differences::of_tree(const Profile& profile, const CallTree& tree, Weight weight,
                                 const DifferenceOptions& options) {
  const Sides sides = sides_of(profile, weight);
  const double whole = std::max(sides.after.weight, 1.0);
  const auto share = [&](uint64_t part, double scale) {
    return static_cast<double>(part) * scale / whole;
  };
  Differences out(options);
  std::vector<double> chances;
  for (uint32_t i = 0; i < tree.nodes().size(); ++i) {
    const CallTree::Node& node = tree.nodes()[i];
    const CallTree::Other other = tree.others()[i];
    Change change;
    change.before = share(other.total, options.scale);
    change.after = share(node.total, 1);
    const uint64_t before = options.of_self ? other.self : other.total;
    const uint64_t after = options.of_self ? node.self : node.total;
    change.size = share(after, 1) - share(before, options.scale);
    const Variance variance{
        variance_of(part_of(before, sides.before), part_of(after, sides.after), sides, options) *
        spread_of(node, options)};
    change.bound = bound_of_95_percent(variance);
    chances.push_back(i == 0 ? 1 : chance_of(change.size, variance));
    out.changes_.push_back(change);
  }
  out.judge(std::move(chances));
  return out;
}

Differences Differences::of_vanished(const Profile& profile, const CallTree& tree, Weight weight,
                                     const DifferenceOptions& options) {
  const Sides sides = sides_of(profile, weight);
  const double whole = std::max(sides.after.weight, 1.0);
  Differences out(options);
  std::vector<double> chances;
  for (uint32_t i = 0; i < tree.nodes().size(); ++i) {
    const CallTree::Node& node = tree.nodes()[i];
    Change change;
    change.before = static_cast<double>(node.total) * options.scale / whole;
    change.size =
        -(options.of_self ? static_cast<double>(node.self) * options.scale / whole : change.before);
    change.vague = i == 0 || tree.others()[i].total != 0;
    const Variance variance{
        variance_of(part_of(node.total, sides.before), Counted(), sides, options) *
        spread_of(node, options)};
    change.bound = bound_of_95_percent(variance);
    chances.push_back(change.vague ? 1 : chance_of(change.size, variance));
    out.changes_.push_back(change);
  }
  out.judge(std::move(chances));
  return out;
}

// As in the table of prof diff: among so many frames some seem to change by chance.
void Differences::judge(std::vector<double> chances) {
  const auto sure = sure_ones(chances);
  for (size_t i = 0; i < changes_.size(); ++i) {
    Change& change = changes_[i];
    change.sure = !change.vague && (!options_.tells_noise || sure[i]);
    if (change.sure && i != 0) largest_ = std::max(largest_, std::fabs(change.size));
  }
}

std::string Differences::text(uint32_t node) const {
  const Change& change = changes_[node];
  if (change.vague) return fmt::format("of what vanished: before {:.2f}%", 100 * change.before);
  std::string text = fmt::format("before {:.2f}%, after {:.2f}%, {:+.2f}%", 100 * change.before,
                                 100 * change.after, 100 * (change.after - change.before));
  if (options_.of_self) text += fmt::format(", itself {:+.2f}%", 100 * change.size);
  if (options_.tells_noise && node != 0) {
    text += fmt::format(" ± {:.2f}%", 100 * change.bound);
  }
  return text;
}

std::vector<uint64_t> weights_before(const Profile& profile, uint32_t event, Weight weight) {
  std::vector<uint64_t> weights(profile.nodes.size());
  for (size_t i = 0; i < weights.size(); ++i) {
    if (profile.groups[profile.nodes[i].group].event != event) continue;
    weights[i] = weight == Weight::Samples ? profile.before[i].samples : profile.before[i].period;
  }
  return weights;
}

std::vector<uint64_t> vanished_weights(const Profile& profile, uint32_t event, Weight weight) {
  std::vector<uint64_t> weights = weights_before(profile, event, weight);
  std::vector<uint64_t> after(weights.size());
  for (size_t i = weights.size(); i-- > 0;) {
    const StackNode& node = profile.nodes[i];
    after[i] += weight == Weight::Samples ? node.self_samples : node.self_period;
    if (node.parent != UINT32_MAX) after[node.parent] += after[i];
    if (after[i] != 0) weights[i] = 0;
  }
  return weights;
}

}  // namespace prof
