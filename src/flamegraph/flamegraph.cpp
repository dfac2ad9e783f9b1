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

std::string default_title(const DrawRequest& request, const FlamegraphOptions& options) {
  std::string title = request.chart      ? "Flame Chart"
                      : options.inverted ? "Icicle Graph"
                                         : "Flame Graph";
  if (request.reverse) title += ", leaf first";
  return title;
}

std::string default_subtitle(const Picture& picture, const DrawRequest& request) {
  const std::string& event = picture.profile.events[request.event].name;
  std::string subtitle =
      fmt::format("{} {}", picture.count(picture.tree.root().total), picture.unit);
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

/// The share below which frames are left out, so that the others make no more than kMostFrameBytes;
/// 0 if all may stay. Frames of one width stay or go together.
double share_that_fits(const Profile& profile, const CallTree& tree, uint64_t whole) {
  struct Drawn {
    uint64_t total, bytes;
  };
  std::vector<Drawn> frames;
  uint64_t bytes = 0;
  frames.reserve(tree.nodes().size());
  for (const CallTree::Node& node : tree.nodes()) {
    const size_t name = node.frame.valid() ? profile.name(node.frame).size() : 3;
    frames.push_back({node.total, kFrameBytes + name});
    bytes += frames.back().bytes;
  }
  if (bytes <= kMostFrameBytes) return 0;
  std::ranges::sort(frames, std::greater(), &Drawn::total);
  bytes = 0;
  size_t kept = 0;
  while (bytes + frames[kept].bytes <= kMostFrameBytes) bytes += frames[kept++].bytes;
  const uint64_t too_narrow = frames[kept].total;
  return static_cast<double>(too_narrow + 1) / static_cast<double>(whole);
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
  FlamegraphOptions options = asked;
  const Weight weight = request.event < profile.events.size() && !request.weight
                            ? natural_weight(profile, request.event)
                            : request.weight.value_or(Weight::Samples);
  CallTreeOptions tree_options;
  tree_options.event = request.event;
  tree_options.weight = weight;
  tree_options.reverse = request.reverse;
  tree_options.min_share = least_share(options);
  tree_options.whole = options.total;
  const auto build = request.chart ? CallTree::build_chart : CallTree::build;
  CallTree tree = build(profile, tree_options);
  if (tree.root().total == 0 || request.event >= profile.events.size()) {
    write_message_svg("No stacks found", options, out);
    return fail("no stacks found", "was anything recorded, and is it what the filters ask for?", 2);
  }
  const uint64_t whole = std::max(tree.root().total, options.total);
  if (!options.min_width_given) {
    if (const double share = share_that_fits(profile, tree, whole); share != 0) {
      tree_options.min_share = share;
      options.min_width = {share * (options.width ? options.width : kNominalWidth), false};
      tree = build(profile, tree_options);
    }
  }
  const Colouring colouring(profile, tree, whole, options, files.colours);
  const ProfileEvent& event = profile.events[request.event];
  const bool by_period = weight == Weight::Period;
  const Layout layout = lay_out(tree, options);
  Picture picture{profile,
                  tree,
                  layout,
                  options,
                  options.title.empty() ? default_title(request, options) : options.title,
                  options.subtitle,
                  notes_of(profile, tree, request.event, weight, options),
                  options.count_name,
                  CountFormat(options.factor, by_period ? event.period_scale : 1),
                  colouring,
                  files.attributes};
  if (picture.unit.empty() && by_period && event.in_periods && event.unit == "ns" &&
      options.factor == 1) {
    picture.unit = "ms";
    picture.count = CountFormat(1e-6, 1);
  }
  if (picture.unit.empty()) picture.unit = by_period ? event.unit : "samples";
  if (picture.subtitle.empty()) picture.subtitle = default_subtitle(picture, request);
  write_svg(picture, out);
  return {};
}

}  // namespace prof
