#include "flamegraph/flamegraph.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "flamegraph/colouring.h"
#include "flamegraph/layout.h"
#include "flamegraph/svg.h"

namespace prof {

namespace {

std::string default_title(const DrawRequest& request, const FlamegraphOptions& options,
                          bool is_differential) {
  std::string title = request.chart      ? "Flame Chart"
                      : options.inverted ? "Icicle Graph"
                                         : "Flame Graph";
  if (is_differential) title = "Differential " + title;
  if (request.reverse) title += ", leaf first";
  return title;
}

std::string default_subtitle(const Picture& picture, const DrawRequest& request) {
  const std::string& event = picture.profile.events[request.event].name;
  const std::string count = picture.count(picture.main().tree.root().total);
  const bool one = count == "1" && picture.unit == "samples";
  std::string subtitle = fmt::format("{} {}", count, one ? "sample" : picture.unit);
  if (const auto& others = picture.main().tree.others(); !others.empty()) {
    subtitle += fmt::format(", before {}", picture.count(others.front().total));
  }
  if (event != picture.unit && !event.empty()) subtitle = event + ", " + subtitle;
  if (!request.other_events.empty()) {
    subtitle += fmt::format(" (also recorded: {})", request.other_events);
  }
  return subtitle;
}

std::string share_text(uint64_t part, uint64_t whole) {
  const double percent = 100 * static_cast<double>(part) / static_cast<double>(whole);
  return percent > 0 && percent < 0.01 ? "less than 0.01%" : fmt::format("{:.2f}%", percent);
}

std::string counted(uint64_t number, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", grouped(number), number == 1 ? one : many);
}

/// How much was left out since it was the CPUs waiting; empty if nothing was.
std::string idle_note(const ProfileEvent& event, Weight weight) {
  const uint64_t idle = weight == Weight::Period ? event.idle_period : event.idle_samples;
  const uint64_t all = weight == Weight::Period ? event.total_period : event.total_samples;
  if (idle == 0 || all == 0) return {};
  return fmt::format("idle (swapper): {} of all, left out", share_text(idle, all));
}

std::vector<std::string> notes_of(const Profile& profile, const CallTree& tree, uint32_t event,
                                  Weight weight, const FlamegraphOptions& options) {
  std::vector<std::string> notes;
  if (auto idle = idle_note(profile.events[event], weight); profile.without_idle && !idle.empty()) {
    notes.push_back(std::move(idle));
  }
  if (const auto& left_out = tree.left_out(); left_out.nodes) {
    const auto width = options.min_width.is_share
                           ? fmt::format("{:g}% of the total", options.min_width.value * 100)
                           : fmt::format("{:.3g} px", options.min_width.value);
    notes.push_back(fmt::format("{} narrower than {} left out ({} of the total)",
                                counted(left_out.nodes, "frame", "frames"), width,
                                share_text(left_out.weight, tree.root().total)));
  }
  std::string losses;
  const auto add = [&](const std::string& text) {
    if (!losses.empty()) losses += " · ";
    losses += text;
  };
  if (profile.lost_records) add(counted(profile.lost_records, "sample", "samples") + " lost");
  if (profile.throttled) add("throttled " + counted(profile.throttled, "time", "times"));
  if (profile.skipped_records) {
    add(counted(profile.skipped_records, "record", "records") + " of unknown kind skipped");
  }
  if (profile.unresolved_frames && profile.total_frames) {
    add(share_text(profile.unresolved_frames, profile.total_frames) +
        " of all frames without a symbol");
  }
  if (!losses.empty()) notes.push_back(losses);
  if (!options.notes.empty()) notes.push_back(options.notes);
  return notes;
}

/// About what a frame takes in the file, beside its name.
constexpr uint64_t kFrameBytes = 190;
constexpr uint64_t kDifferenceBytes = 240;  // of a differential
/// What of kMostFrameBytes is for the panel of vanished stacks.
constexpr uint64_t kVanishedPart = 4;

/// The share below which frames are left out, so that the others make no more than kMostFrameBytes;
/// 0 if all may stay. Frames of one width stay or go together.
double share_that_fits(const Profile& profile, const CallTree& tree, uint64_t whole,
                       uint64_t most) {
  const uint64_t each = tree.others().empty() ? kFrameBytes : kDifferenceBytes;
  struct Drawn {
    uint64_t total, bytes;
  };
  std::vector<Drawn> frames;
  uint64_t bytes = 0;
  frames.reserve(tree.nodes().size());
  for (const CallTree::Node& node : tree.nodes()) {
    const size_t name = node.frame.valid() ? profile.name(node.frame).size() : 3;
    frames.push_back({node.total, each + name});
    bytes += frames.back().bytes;
  }
  if (bytes <= most) return 0;
  std::ranges::sort(frames, std::greater(), &Drawn::total);
  bytes = 0;
  size_t kept = 0;
  while (bytes + frames[kept].bytes <= most) bytes += frames[kept++].bytes;
  const uint64_t too_narrow = frames[kept].total;
  return static_cast<double>(too_narrow + 1) / static_cast<double>(whole);
}

/// A tree and where its frames are, no more of them than a browser likes.
struct Drawn {
  CallTree tree;
  Layout layout;
  FlamegraphOptions options;  // with the least width that was found

  /// `chart`: of Profile::timeline in its order.
  Drawn(const Profile& profile, CallTreeOptions how, const FlamegraphOptions& asked, uint64_t whole,
        uint64_t most_bytes, bool chart = false)
      : options(asked) {
    const auto build = chart ? CallTree::build_chart : CallTree::build;
    how.min_share = least_share(options);
    how.whole = whole;
    tree = build(profile, how);
    whole = std::max(tree.root().total, whole);
    if (!options.min_width_given && tree.root().total != 0) {
      if (const double share = share_that_fits(profile, tree, whole, most_bytes); share != 0) {
        how.min_share = share;
        options.min_width = {share * (options.width ? options.width : kNominalWidth), false};
        tree = build(profile, how);
      }
    }
    options.total = whole;
    layout = lay_out(tree, options);
  }
};

/// The stacks of a differential that are only in its earlier side, in the scale of the later one.
class Vanished {
 public:
  Vanished(const Profile& profile, const DrawRequest& request, Weight weight,
           const FlamegraphOptions& options, const DifferenceOptions& how, uint64_t whole)
      : before_(vanished_weights(profile, request.event, weight)),
        after_(profile.nodes.size()),
        drawn_(make(profile, request, weight, options, how, whole)) {
    if (is_empty()) return;
    differences_.emplace(Differences::of_vanished(profile, drawn_.tree, weight, how));
    colouring_.emplace(profile, drawn_.tree, options, *differences_);
  }

  bool is_empty() const { return drawn_.tree.root().total == 0; }
  /// Whether all of it may be chance: then a picture of it would tell nothing.
  bool is_noise() const {
    return differences_->options().tells_noise && differences_->largest() == 0;
  }
  double share() const { return differences_->of(0).before; }
  const Drawn& drawn() const { return drawn_; }
  Panel panel() const {
    return {
        drawn_.tree, drawn_.layout,
        *colouring_, &*differences_,
        "vanished",  fmt::format("Vanished: stacks that are only before, {:.2f}%", 100 * share())};
  }

 private:
  Drawn make(const Profile& profile, const DrawRequest& request, Weight weight,
             const FlamegraphOptions& options, const DifferenceOptions& how, uint64_t whole) {
    CallTreeOptions tree_options;
    tree_options.event = request.event;
    tree_options.weight = weight;
    for (size_t i = 0; i < after_.size(); ++i) {
      after_[i] = own_weight(profile, profile.nodes[i], tree_options);
    }
    tree_options.weights = before_;
    tree_options.others = after_;
    const double scaled = static_cast<double>(whole) / (how.scale > 0 ? how.scale : 1);
    constexpr double kMost = 9007199254740992.0;  // 2^53
    return {profile, tree_options, options, static_cast<uint64_t>(std::clamp(scaled, 1.0, kMost)),
            kMostFrameBytes / kVanishedPart};
  }

  std::vector<uint64_t> before_, after_;
  Drawn drawn_;
  std::optional<Differences> differences_;
  std::optional<Colouring> colouring_;
};

Weight weight_of(const Profile& profile, const DrawRequest& request) {
  if (request.event < profile.events.size() && !request.weight) {
    return natural_weight(profile, request.event);
  }
  return request.weight.value_or(Weight::Samples);
}

/// Counts in words: of times in milliseconds.
void choose_unit(const ProfileEvent& event, bool by_period, double factor, Picture& picture) {
  if (!picture.unit.empty()) return;
  picture.unit = by_period ? event.unit : "samples";
  if (!by_period || !event.in_periods || event.unit != "ns" || factor != 1) return;
  picture.unit = "ms";
  picture.count = CountFormat(1e-6, 1);
}

}  // namespace

Weight natural_weight(const Profile& profile, uint32_t event) {
  const ProfileEvent& facts = profile.events[event];
  if (facts.period_scale != 1 || facts.in_periods) return Weight::Period;
  uint64_t each = 0;  // the period of one sample
  for (const StackNode& node : profile.nodes) {
    if (node.self_samples == 0 || profile.groups[node.group].event != event) continue;
    if (each == 0) each = node.self_period / node.self_samples;
    if (node.self_period != each * node.self_samples) return Weight::Period;
  }
  return Weight::Samples;
}

Result<void> draw_flamegraph(const Profile& profile, const DrawRequest& request,
                             const FlamegraphOptions& asked, const DrawFiles& files, Output& out) {
  const Weight weight = weight_of(profile, request);
  const bool is_differential = profile.is_differential() && !request.chart;
  CallTreeOptions tree_options;
  tree_options.event = request.event;
  tree_options.weight = weight;
  tree_options.reverse = request.reverse && !is_differential;
  std::vector<uint64_t> before;
  if (is_differential) before = weights_before(profile, request.event, weight);
  tree_options.others = before;
  const uint64_t most =
      is_differential ? kMostFrameBytes / kVanishedPart * (kVanishedPart - 1) : kMostFrameBytes;
  const Drawn drawn(profile, tree_options, asked, asked.total, most, request.chart);
  const CallTree& tree = drawn.tree;
  if (tree.root().total == 0 || request.event >= profile.events.size()) {
    write_message_svg("No stacks found", asked, out);
    return fail("no stacks found", "was anything recorded, and is it what the filters ask for?", 2);
  }
  const uint64_t whole = drawn.layout.whole;
  const DifferenceOptions how = request.difference.value_or(DifferenceOptions());
  std::optional<Differences> differences;
  std::optional<Vanished> vanished;
  if (is_differential) {
    differences.emplace(Differences::of_tree(profile, tree, weight, how));
    vanished.emplace(profile, request, weight, asked, how, whole);
  }
  const Colouring colouring = differences ? Colouring(profile, tree, asked, *differences)
                                          : Colouring(profile, tree, whole, asked, files.colours);
  const ProfileEvent& event = profile.events[request.event];
  const bool by_period = weight == Weight::Period;
  Picture picture{
      profile,
      {{tree, drawn.layout, colouring, differences ? &*differences : nullptr}},
      asked,
      asked.title.empty() ? default_title(request, asked, is_differential) : asked.title,
      asked.subtitle,
      notes_of(profile, tree, request.event, weight, drawn.options),
      asked.count_name,
      CountFormat(asked.factor, by_period ? event.period_scale : 1),
      files.attributes};
  if (vanished && !vanished->is_empty() && vanished->is_noise()) {
    picture.notes.push_back(
        fmt::format("stacks that are only before, {:.2f}%, may be so by chance, and are not drawn",
                    100 * vanished->share()));
  } else if (vanished && !vanished->is_empty()) {
    picture.panels.push_back(vanished->panel());
    const auto& left_out = vanished->drawn().tree.left_out();
    if (left_out.nodes) {
      picture.notes.push_back(counted(left_out.nodes, "vanished frame", "vanished frames") +
                              " too narrow to be drawn");
    }
  }
  choose_unit(event, by_period, asked.factor, picture);
  if (picture.subtitle.empty()) picture.subtitle = default_subtitle(picture, request);
  write_svg(picture, out);
  return {};
}

}  // namespace prof
