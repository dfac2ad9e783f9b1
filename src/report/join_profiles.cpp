#include "report/join_profiles.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "report/stack_tree.h"

namespace prof {

namespace {

bool is_hex_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

std::string without_hex(std::string_view name) {
  std::string out;
  for (size_t at = 0; at < name.size();) {
    size_t end = at + 2;
    if (name.substr(at).starts_with("0x")) {
      while (end < name.size() && is_hex_digit(name[end])) ++end;
    }
    if (end > at + 2) {
      out += "0x...";
      at = end;
    } else {
      out += name[at++];
    }
  }
  return out;
}

/// What all inputs say of their frames.
struct Knowledge {
  bool binaries = true, roots = true, kernel = true;

  void limit_to(const Profile& profile) {
    const auto some = [&](auto has) { return std::ranges::any_of(profile.frames, has); };
    const bool binaries_here = some([](const Frame& frame) { return frame.dso.valid(); });
    binaries = binaries && binaries_here;
    roots = roots && some([](const Frame& frame) { return frame.kind == FrameKind::Process; });
    kernel =
        kernel && (binaries_here || some([](const Frame& frame) { return frame.level == 'k'; }));
  }
};

class Joiner {
 public:
  Joiner(const JoinOptions& options, const Knowledge& known, uint32_t scale)
      : options_(options), known_(known), scale_(scale) {}

  Result<void> add(const DiffInput& input, bool is_before, std::vector<FrameId>& frames) {
    const Profile& from = input.profile;
    frames.reserve(from.frames.size());
    for (const Frame& frame : from.frames) frames.push_back(frame_of(from, frame));
    const uint32_t factor = scale_ / from.events[input.event].period_scale;
    std::vector<FrameId> path;
    for (uint32_t i = 0; i < from.nodes.size(); ++i) {
      const StackNode& node = from.nodes[i];
      if (from.groups[node.group].event != input.event) continue;
      if (node.self_samples == 0 && node.self_period == 0) continue;
      path.clear();
      for (uint32_t at = i; at != UINT32_MAX; at = from.nodes[at].parent) {
        path.push_back(frames[from.nodes[at].frame.value]);
      }
      std::ranges::reverse(path);
      BeforeWeight weight{node.self_samples, 0};
      if (__builtin_mul_overflow(node.self_period, factor, &weight.period) || !fits(weight)) {
        return fail("the counts of '" + input.name + "' are too large to be compared");
      }
      const BeforeWeight after = is_before ? BeforeWeight() : weight;
      tree_.add(group_of(path.front()), std::span(path).subspan(1), after.samples, after.period);
      before_.push_back(is_before ? weight : BeforeWeight());
    }
    return {};
  }

  Profile finish() {
    std::vector<uint32_t> leaves;
    tree_.finish(group_frames_, joined_, &leaves);
    joined_.before.resize(joined_.nodes.size());
    for (size_t i = 0; i < leaves.size(); ++i) {
      joined_.before[leaves[i]].samples += before_[i].samples;
      joined_.before[leaves[i]].period += before_[i].period;
    }
    return std::move(joined_);
  }

 private:
  /// Whether all there is still adds up.
  bool fits(const BeforeWeight& weight) {
    return !__builtin_add_overflow(samples_, weight.samples, &samples_) &&
           !__builtin_add_overflow(period_, weight.period, &period_);
  }

  FrameId frame_of(const Profile& from, const Frame& frame) {
    const auto text = [&](StringId id) {
      if (!id.valid()) return StringId();
      const std::string_view whole = from.strings[id];
      return joined_.strings.intern(options_.strip_hex ? without_hex(whole) : std::string(whole));
    };
    const auto plain = [&](StringId id) {
      return id.valid() ? joined_.strings.intern(from.strings[id]) : StringId();
    };
    Frame out;
    out.name = text(frame.name);
    out.symbol = text(frame.symbol);
    out.kind = frame.kind;
    out.level = frame.level;
    if (known_.binaries) {
      out.dso = plain(frame.dso);
      out.dso_short = plain(frame.dso_short);
    }
    const bool is_root = frame.kind == FrameKind::Process;
    if (!known_.roots && is_root) out.kind = FrameKind::Other;
    const bool in_kernel = known_.kernel && frame.level == 'k';
    const FrameId next{static_cast<uint32_t>(joined_.frames.size())};
    const auto [it, added] =
        frames_.try_emplace({out.name, out.dso_short, in_kernel, known_.roots && is_root}, next);
    if (added) joined_.frames.push_back(out);
    // What says more of itself than folded text wins.
    Frame& known = joined_.frames[it->second.value];
    if (known.kind == FrameKind::Other && known_.kernel) known.kind = out.kind;
    return it->second;
  }

  uint32_t group_of(FrameId root) {
    const auto [it, added] =
        groups_.try_emplace(root, static_cast<uint32_t>(joined_.groups.size()));
    if (added) {
      joined_.groups.emplace_back().comm = joined_.frame(root).name;
      group_frames_.push_back(root);
    }
    return it->second;
  }

  const JoinOptions options_;
  const Knowledge known_;
  const uint32_t scale_;
  Profile joined_;
  StackTree tree_;
  std::vector<BeforeWeight> before_;  // by stack added
  std::map<std::tuple<StringId, StringId, bool, bool>, FrameId> frames_;
  std::map<FrameId, uint32_t> groups_;
  std::vector<FrameId> group_frames_;
  uint64_t samples_ = 0, period_ = 0;  // of all
};

}  // namespace

Result<JoinedProfiles> join_profiles(const std::vector<DiffInput>& before,
                                     const std::vector<DiffInput>& after,
                                     const JoinOptions& options) {
  Knowledge known;
  uint32_t scale = 1;  // powers of ten
  const auto look_at = [&](const DiffInput& input) {
    known.limit_to(input.profile);
    scale = std::max(scale, input.profile.events[input.event].period_scale);
  };
  std::ranges::for_each(before, look_at);
  std::ranges::for_each(after, look_at);
  JoinedProfiles out;
  out.knows_binaries = known.binaries;
  out.roots_are_functions = !known.roots;
  Joiner joiner(options, known, scale);
  for (const bool is_before : {true, false}) {
    for (const DiffInput& input : is_before ? before : after) {
      auto& frames = out.frames_of[is_before ? 0 : 1].emplace_back();
      if (auto done = joiner.add(input, is_before, frames); !done) {
        return tl::unexpected(std::move(done.error()));
      }
    }
  }
  out.profile = joiner.finish();
  Profile& profile = out.profile;
  ProfileEvent event = after.front().profile.events[after.front().event];
  event.samples = event.period = 0;
  event.period_scale = scale;
  for (const StackNode& node : profile.nodes) {
    event.samples += node.self_samples;
    event.period += node.self_period;
  }
  event.total_samples = event.samples;
  event.total_period = event.period;
  profile.events.push_back(std::move(event));
  for (const DiffInput& input : after) {
    profile.has_callchains = profile.has_callchains || input.profile.has_callchains;
  }
  count_frames(profile);
  return out;
}

}  // namespace prof
