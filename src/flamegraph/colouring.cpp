#include "flamegraph/colouring.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>
#include <utility>

#include "flamegraph/package.h"

namespace prof {

namespace {

constexpr size_t kTintCount = static_cast<size_t>(Tint::Runnable) + 1;
constexpr size_t kGroupsTold = 10;  // DSOs or packages with a hue of their own

size_t number(Tint tint) {
  return static_cast<size_t>(tint);
}

bool has_languages(Palette palette) {
  return palette == Palette::Java || palette == Palette::Js || palette == Palette::Perl ||
         palette == Palette::Python || palette == Palette::Rust;
}

/// What a language's own compiled or interpreted code is called.
std::string_view own_code(Palette palette) {
  switch (palette) {
    case Palette::Java:
      return "Java";
    case Palette::Js:
      return "JavaScript";
    case Palette::Perl:
      return "Perl";
    case Palette::Python:
      return "Python";
    case Palette::Rust:
      return "Rust";
    default:
      return "JIT";
  }
}

std::string_view label_of(Palette palette, Tint tint) {
  const bool languages = has_languages(palette);
  switch (tint) {
    case Tint::Runnable:
      return "waits for a CPU";
    case Tint::Disk:
      return "waits for a disk";
    case Tint::Asleep:
      return "asleep";
    case Tint::Unknown:
      return "no symbol";
    case Tint::Kernel:
      return "kernel";
    case Tint::Waker:
      return "waker";
    case Tint::Inlined:
      return palette == Palette::Js       ? "built-in"
             : palette == Palette::Python ? "packages"
                                          : "inlined";
    case Tint::Jit:
      return own_code(palette);
    case Tint::Plain:
      if (palette == Palette::Python || palette == Palette::Rust) return "standard library";
      return languages ? "C++" : "";
    case Tint::User:
      return languages ? "C" : "user";
    case Tint::Process:
      return "";
  }
  return "";
}

}  // namespace

Colouring::Colouring(const Profile& profile, const CallTree& tree, uint64_t whole,
                     const FlamegraphOptions& options, PaletteFile* kept)
    : profile_(profile), tree_(tree), options_(options), colours_(tree.nodes().size()) {
  switch (options.colour_by) {
    case ColourBy::Kind:
      by_kind();
      break;
    case ColourBy::Dso:
    case ColourBy::Package:
      by_group();
      break;
    case ColourBy::Self:
      by_self(whole);
      break;
  }
  if (kept) keep(*kept);
}

Colouring::Colouring(const Profile& profile, const CallTree& tree, const FlamegraphOptions& options,
                     const Differences& differences)
    : profile_(profile), tree_(tree), options_(options), colours_(tree.nodes().size()) {
  by_change(differences);
}

const Frame* Colouring::frame_of(uint32_t node) const {
  const FrameId id = tree_.nodes()[node].frame;
  return id.valid() ? &profile_.frame(id) : nullptr;
}

std::string_view Colouring::name_of(uint32_t node) const {
  const FrameId id = tree_.nodes()[node].frame;
  return id.valid() ? profile_.name(id) : std::string_view("all");
}

// A frame's tint may depend on its ancestors (what is behind the "--" of a chain graph woke what
// is before it). Parents come before their children.
void Colouring::by_kind() {
  const auto& nodes = tree_.nodes();
  bool kinds_known = false;
  for (uint32_t i = 0; i < nodes.size() && !kinds_known; ++i) {
    const Frame* frame = frame_of(i);
    kinds_known = frame && frame->kind != FrameKind::Other && frame->kind != FrameKind::Unknown;
  }
  std::vector<bool> behind_delimiter(nodes.size()), seen(kTintCount);
  std::vector<Tint> away(nodes.size(), Tint::Plain);
  for (uint32_t i = 0; i < nodes.size(); ++i) {
    const Frame* frame = frame_of(i);
    const std::string_view name = name_of(i);
    const bool waker = behind_delimiter[nodes[i].parent];
    behind_delimiter[i] = waker || name == "--";
    const Tint own = tint_of_time(name);
    away[i] = own != Tint::Plain ? own : away[nodes[i].parent];
    const TintContext context{kinds_known, waker, away[i]};
    const Tint tint = frame ? tint_of(options_.palette, *frame, name, context) : Tint::Process;
    if (frame) seen[number(tint)] = true;
    colours_[i] = colour_of(options_.palette, tint, name);
  }
  add_kind_legend(seen, kinds_known);
}

// Says what the hues mean, where they mean something.
void Colouring::add_kind_legend(const std::vector<bool>& seen, bool kinds_known) {
  const Palette palette = options_.palette;
  const bool times =
      seen[number(Tint::Asleep)] || seen[number(Tint::Disk)] || seen[number(Tint::Runnable)];
  const bool kinds = tells_kinds(palette) && kinds_known;
  if (!kinds && palette != Palette::Chain && !has_languages(palette) && !times) return;
  constexpr std::array kOrder{Tint::Runnable, Tint::Disk,  Tint::Asleep,  Tint::Unknown,
                              Tint::Kernel,   Tint::Waker, Tint::Inlined, Tint::Jit,
                              Tint::Plain,    Tint::User};
  for (const Tint tint : kOrder) {
    const std::string_view label = label_of(palette, tint);
    if (!seen[number(tint)] || label.empty()) continue;
    legend_.push_back({swatch_of(palette, tint), std::string(label)});
  }
}

// Each DSO or package takes the hue that its name asks for, the heaviest first: so most have the
// same hue in every picture, and no two of those that are told share one.
void Colouring::by_group() {
  const auto& nodes = tree_.nodes();
  struct GroupFacts {
    std::string name;
    uint64_t self = 0;
    uint32_t hue = kNoHue;
  };
  std::vector<GroupFacts> groups;
  std::unordered_map<std::string, uint32_t> numbers;
  std::vector<uint32_t> group_of(nodes.size(), UINT32_MAX);
  std::vector<uint32_t> group_of_frame(profile_.frames.size(), UINT32_MAX);
  for (uint32_t i = 0; i < nodes.size(); ++i) {
    const Frame* frame = frame_of(i);
    if (!frame || frame->kind == FrameKind::Process || frame->kind == FrameKind::WallPart) continue;
    uint32_t& group = group_of_frame[nodes[i].frame.value];
    if (group == UINT32_MAX) {
      const std::string_view dso =
          frame->dso_short.valid() ? profile_.strings[frame->dso_short] : std::string_view();
      std::string name =
          options_.colour_by == ColourBy::Dso ? std::string(dso) : package_of(name_of(i), dso);
      const auto [it, added] = numbers.try_emplace(name, static_cast<uint32_t>(groups.size()));
      if (added) groups.push_back({std::move(name)});
      group = it->second;
    }
    group_of[i] = group;
    groups[group].self += nodes[i].self;
  }
  std::vector<uint32_t> heaviest;
  for (uint32_t i = 0; i < groups.size(); ++i) {
    if (!groups[i].name.empty()) heaviest.push_back(i);
  }
  std::ranges::sort(heaviest, [&](uint32_t a, uint32_t b) {
    if (groups[a].self != groups[b].self) return groups[a].self > groups[b].self;
    return groups[a].name < groups[b].name;
  });
  if (heaviest.size() > kGroupsTold) heaviest.resize(kGroupsTold);
  HueWheel wheel;
  for (const uint32_t group : heaviest) {
    groups[group].hue = wheel.take(groups[group].name);
    legend_.push_back({hue_colour(groups[group].hue, {}), groups[group].name});
  }
  bool others = false;
  for (uint32_t i = 0; i < nodes.size(); ++i) {
    if (group_of[i] == UINT32_MAX) {
      colours_[i] = colour_of(Palette::Hot, Tint::Process, name_of(i));
      continue;
    }
    const uint32_t hue = groups[group_of[i]].hue;
    others = others || hue == kNoHue;
    colours_[i] = hue_colour(hue, name_of(i));
  }
  if (others) legend_.push_back({hue_colour(kNoHue, {}), "other"});
}

void Colouring::by_self(uint64_t whole) {
  const auto& nodes = tree_.nodes();
  for (uint32_t i = 0; i < nodes.size(); ++i) {
    colours_[i] = share_colour(static_cast<double>(nodes[i].self) /
                               static_cast<double>(std::max<uint64_t>(whole, 1)));
  }
  legend_ = {{share_colour(0), "calls only"}, {share_colour(0.0001), "0.01% itself"},
             {share_colour(0.001), "0.1%"},   {share_colour(0.01), "1%"},
             {share_colour(0.1), "10%"},      {share_colour(1), "100%"}};
}

void Colouring::by_change(const Differences& differences) {
  const bool noise = differences.options().tells_noise;
  const double direction = differences.options().negate ? -1 : 1;
  const double largest = differences.largest() > 0 ? differences.largest() : 1;
  for (uint32_t i = 0; i < colours_.size(); ++i) {
    const Differences::Change& change = differences.of(i);
    if (change.vague || i == 0) {
      colours_[i] = change_colour(0);
    } else {
      colours_[i] = change.sure ? change_colour(direction * change.size / largest) : kNoiseColour;
    }
  }
  legend_ = {{change_colour(direction), "more than before"},
             {change_colour(-direction), "less than before"}};
  legend_.push_back(noise ? LegendEntry{kNoiseColour, "may be chance"}
                          : LegendEntry{change_colour(0), "as before"});
}

void Colouring::keep(PaletteFile& kept) {
  for (uint32_t i = 1; i < colours_.size(); ++i) {
    colours_[i] = kept.colour_for(name_of(i), colours_[i]);
  }
}

}  // namespace prof
