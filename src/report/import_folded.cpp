#include "report/import_folded.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <optional>

#include "common/byte_reader.h"
#include "common/hash.h"
#include "report/folded_line.h"
#include "report/stack_tree.h"

namespace prof {

namespace {

// Totals stay below this, so that sums of any of them cannot wrap.
constexpr size_t kProgressBytes = size_t{8} << 20;

constexpr uint64_t kMostWeight = uint64_t{1} << 53;  // also what a browser's numbers hold exactly

void append_utf8(std::string& out, uint32_t c) {
  const auto tail = [&](int shift) {
    out.push_back(static_cast<char>(0x80 | ((c >> shift) & 0x3f)));
  };
  if (c < 0x80) {
    out.push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    out.push_back(static_cast<char>(0xc0 | c >> 6));
    tail(0);
  } else if (c < 0x10000) {
    out.push_back(static_cast<char>(0xe0 | c >> 12));
    tail(6);
    tail(0);
  } else {
    out.push_back(static_cast<char>(0xf0 | c >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

/// UTF-16 as Windows tools write it. Surrogates without a partner become U+FFFD.
std::string utf8_of_utf16(ByteReader in) {
  std::string out;
  out.reserve(in.remaining() / 2);
  std::optional<uint32_t> high;
  while (in.remaining() >= 2) {
    const uint32_t unit = in.u16();
    const bool is_low = unit >= 0xdc00 && unit < 0xe000;
    if (high && is_low) {
      append_utf8(out, 0x10000 + ((*high - 0xd800) << 10) + (unit - 0xdc00));
      high.reset();
      continue;
    }
    if (high) append_utf8(out, 0xfffd);
    high.reset();
    if (unit >= 0xd800 && unit < 0xdc00) {
      high = unit;
    } else {
      append_utf8(out, is_low ? 0xfffd : unit);
    }
  }
  if (high) append_utf8(out, 0xfffd);
  return out;
}

/// How many bytes two texts have in common at their beginnings.
size_t common_prefix(std::string_view a, std::string_view b) {
  const size_t most = std::min(a.size(), b.size());
  size_t at = 0;
  for (; at + 8 <= most; at += 8) {
    if (std::memcmp(a.data() + at, b.data() + at, 8) != 0) break;
  }
  while (at < most && a[at] == b[at]) ++at;
  return at;
}

/// The first and the last 16 bytes of a text, which may be the same; all of it, if it has no more.
struct TextEnds {
  static constexpr size_t kBytes = 32;
  std::array<uint64_t, 4> words{};

  TextEnds() = default;
  explicit TextEnds(std::string_view text) {
    const char* begin = text.data();
    const char* end = begin + text.size();
    if (text.size() >= 16) {
      std::memcpy(words.data(), begin, 16);
      std::memcpy(words.data() + 2, end - 16, 16);
    } else if (text.size() >= 8) {
      std::memcpy(words.data(), begin, 8);
      std::memcpy(words.data() + 2, end - 8, 8);
    } else {
      std::memcpy(words.data(), begin, text.size());
    }
  }
  uint64_t hash() const { return hash_mix(words[0] + 3 * words[2], words[1] ^ words[3]); }
  bool operator==(const TextEnds&) const = default;
};

class FoldedImport {
 public:
  FoldedImport(bool differential, const FoldedImportOptions& options)
      : differential_(differential),
        order_of_lines_(options.order_of_lines),
        least_share_(options.least_share),
        progress_(options.progress) {}

  /// False when the counts add up to more than can be held.
  bool read(std::string_view text);
  Profile finish();

  bool found_stacks() const { return weight_ > 0; }
  bool looks_differential() const { return lines_ > 0 && lines_ == two_counts_; }
  bool is_other_text() const { return ignored_ > lines_; }

 private:
  /// A frame as it was last seen in its slot.
  struct Recent {
    TextEnds ends;
    std::string_view text = {};
    FrameId id = {};
  };
  static constexpr size_t kRecent = 2048;

  void add_line(std::string_view line);
  void take_frames(std::string_view stack);
  uint32_t group_of(FrameId root);
  FrameId recent_frame_of(std::string_view text);
  FrameId frame_of(std::string_view text);
  void set_periods(uint32_t scale);
  void set_before(const std::vector<uint32_t>& leaves, uint32_t scale);
  void list_lines(const std::vector<uint32_t>& leaves, uint32_t scale);

  bool differential_;
  bool order_of_lines_;
  double least_share_;
  const std::function<void(size_t)>& progress_;
  std::array<Recent, kRecent> recent_{};
  std::vector<FoldedCount> counts_;  // of the lines, if their order is asked for
  Profile profile_;
  StringTable texts_;  // frames as written, with their marks; ids are those of profile_.frames
  StackTree tree_;
  std::vector<uint32_t> groups_;       // by FrameId, of those that are roots
  std::vector<FrameId> group_frames_;  // by group
  std::string_view stack_;             // of the last line
  std::vector<FrameId> frames_;        // its frames
  std::vector<size_t> ends_;           // and where in it their names end
  std::vector<FoldedCount> before_;    // by line, of a differential
  uint64_t line_number_ = 0;
  uint64_t lines_ = 0, two_counts_ = 0, ignored_ = 0, first_ignored_ = 0;
  uint64_t weight_ = 0;     // sum of all counts, rounded up
  uint64_t fractions_ = 0;  // those that were
  uint32_t decimals_ = 0;
};

bool FoldedImport::read(std::string_view text) {
  const size_t size = text.size();
  size_t told = size;
  while (!text.empty()) {
    if (progress_ && told - text.size() >= kProgressBytes) {
      told = text.size();
      progress_(size - told);
    }
    const void* end = std::memchr(text.data(), '\n', text.size());
    const size_t length =
        end ? static_cast<size_t>(static_cast<const char*>(end) - text.data()) : text.size();
    std::string_view line = text.substr(0, length);
    text.remove_prefix(end ? length + 1 : length);
    ++line_number_;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    if (line.find_first_not_of(" \t") == line.npos) continue;
    add_line(line);
    if (weight_ > kMostWeight) return false;
  }
  return true;
}

void FoldedImport::add_line(std::string_view line) {
  auto parsed = parse_folded_line(line);
  if (parsed && differential_ && parsed->has_two()) parsed->stack = parsed->stack_of_two;
  if (!parsed || parsed->stack.find_first_not_of(';') == std::string_view::npos) {
    if (ignored_++ == 0) first_ignored_ = line_number_;
    return;
  }
  ++lines_;
  two_counts_ += parsed->has_two();
  const auto take = [this](const FoldedCount& number) {
    decimals_ = std::max(decimals_, number.decimals);
    weight_ += number.whole + (number.millionths ? 1 : 0);
    fractions_ += number.millionths ? 1 : 0;
  };
  const FoldedCount& count = parsed->count;
  take(count);
  if (differential_) {
    before_.push_back(parsed->before.value_or(FoldedCount()));
    take(before_.back());
  }
  take_frames(parsed->stack);
  if (order_of_lines_) counts_.push_back(count);
  // Until set_periods(), periods are the millionths of the count.
  tree_.add(group_of(frames_.front()), std::span(frames_).subspan(1), count.whole,
            count.millionths);
}

// Folded files are sorted more often than not: what a line has in common with the one before is
// not looked up again.
void FoldedImport::take_frames(std::string_view stack) {
  const size_t same = common_prefix(stack, stack_);
  while (!ends_.empty()) {
    const size_t end = ends_.back();
    if (end < same || (end == same && (end == stack.size() || stack[end] == ';'))) break;
    ends_.pop_back();
    frames_.pop_back();
  }
  stack_ = stack;
  size_t at = ends_.empty() ? 0 : ends_.back();
  while (at < stack.size()) {
    if (stack[at] == ';') {
      ++at;
      continue;
    }
    const size_t end = std::min(stack.find(';', at), stack.size());
    frames_.push_back(recent_frame_of(stack.substr(at, end - at)));
    ends_.push_back(end);
    at = end;
  }
}

uint32_t FoldedImport::group_of(FrameId root) {
  groups_.resize(profile_.frames.size(), UINT32_MAX);
  uint32_t& group = groups_[root.value];
  if (group == UINT32_MAX) {
    group = static_cast<uint32_t>(profile_.groups.size());
    profile_.groups.emplace_back().comm = profile_.frame(root).name;
    group_frames_.push_back(root);
  }
  return group;
}

/// Most frames were seen a moment ago: that is found by their ends, which takes a third of the time
/// that the table of all of them does.
FrameId FoldedImport::recent_frame_of(std::string_view text) {
  const TextEnds ends(text);
  Recent& recent = recent_[ends.hash() % kRecent];
  const auto middle = [](std::string_view whole) {
    return whole.size() > TextEnds::kBytes
               ? whole.substr(TextEnds::kBytes / 2, whole.size() - TextEnds::kBytes)
               : std::string_view();
  };
  if (recent.ends == ends && recent.text.size() == text.size() &&
      middle(recent.text) == middle(text)) {
    return recent.id;
  }
  const FrameId id = frame_of(text);
  recent = {ends, texts_[StringId{id.value}], id};
  return id;
}

FrameId FoldedImport::frame_of(std::string_view text) {
  const FrameId id{texts_.intern(text).value};
  if (id.value < profile_.frames.size()) return id;
  Frame frame;
  if (text.size() > 4 && text.ends_with("_[k]")) {
    frame.kind = FrameKind::Kernel;
    frame.level = 'k';
  } else if (text.size() > 4 && text.ends_with("_[j]")) {
    frame.kind = FrameKind::Jit;
  } else if (text.size() > 4 && text.ends_with("_[i]")) {
    frame.kind = FrameKind::Inlined;
  }
  if (frame.kind != FrameKind::Other) text.remove_suffix(4);
  frame.name = profile_.strings.intern(text);
  const bool unresolved = text.front() == '[' && text.back() == ']';
  if (unresolved && frame.kind == FrameKind::Other) frame.kind = FrameKind::Unknown;
  if (!unresolved) frame.symbol = frame.name;
  profile_.frames.push_back(frame);
  return id;
}

// While lines were read, whole counts went to self_samples and millionths to self_period. Now that
// the most decimals are known, periods get their scale.
void FoldedImport::set_periods(uint32_t scale) {
  const uint32_t per_unit = FoldedCount::kMillion / scale;
  for (StackNode& node : profile_.nodes) {
    node.self_period = node.self_samples * scale + node.self_period / per_unit;
    node.self_samples = (node.self_period + scale / 2) / scale;
  }
}

/// The sides are rounded alike.
void FoldedImport::set_before(const std::vector<uint32_t>& leaves, uint32_t scale) {
  const uint32_t per_unit = FoldedCount::kMillion / scale;
  profile_.before.resize(profile_.nodes.size());
  for (size_t i = 0; i < leaves.size(); ++i) {
    BeforeWeight& of = profile_.before[leaves[i]];
    of.samples += before_[i].whole;
    of.period += before_[i].millionths;
  }
  for (BeforeWeight& of : profile_.before) {
    of.period = of.samples * scale + of.period / per_unit;
    of.samples = (of.period + scale / 2) / scale;
  }
}

/// One after the other, each as long as its count.
void FoldedImport::list_lines(const std::vector<uint32_t>& leaves, uint32_t scale) {
  Timeline& timeline = profile_.timeline;
  timeline.in_order = true;
  timeline.threads.emplace_back();
  for (size_t i = 0; i < leaves.size(); ++i) {
    TimelineSample line;
    line.node = leaves[i];
    line.period =
        counts_[i].whole * scale + counts_[i].millionths / (FoldedCount::kMillion / scale);
    line.samples = (line.period + scale / 2) / scale;
    if (line.period != 0) timeline.samples.push_back(line);
  }
}

Profile FoldedImport::finish() {
  std::vector<uint32_t> leaves;
  const bool wanted = differential_ || order_of_lines_;
  if (least_share_ > 0 && !wanted) {
    // Rather too little: what is drawn is decided later, by the exact total.
    constexpr double kMargin = 1 - 1e-9;
    const double least = least_share_ * static_cast<double>(weight_ - fractions_) * kMargin;
    Pruning pruning;
    pruning.count_frames = true;
    pruning.per_sample = 1 / least;
    pruning.per_period = pruning.per_sample / FoldedCount::kMillion;
    tree_.prune(std::move(pruning));
  }
  ProfileEvent& event = profile_.events.emplace_back();
  tree_.finish(group_frames_, profile_, wanted ? &leaves : nullptr);
  uint32_t scale = 1;
  // Fewer decimals rather than a total too large to be exact.
  for (uint32_t i = 0; i < decimals_ && weight_ <= kMostWeight / (scale * 10); ++i) scale *= 10;
  set_periods(scale);
  if (differential_) set_before(leaves, scale);
  if (order_of_lines_) list_lines(leaves, scale);
  event.name = event.unit = "samples";
  event.period_scale = scale;
  for (const StackNode& node : profile_.nodes) {
    event.samples += node.self_samples;
    event.period += node.self_period;
  }
  event.total_samples = event.samples;
  event.total_period = event.period;
  count_frames(profile_);
  profile_.has_callchains = true;
  if (ignored_) {
    profile_.warnings.push_back(
        fmt::format("{} of {} lines ignored: not 'frame;frame;frame count' (the first is line {})",
                    ignored_, ignored_ + lines_, first_ignored_));
  }
  if (differential_) {
    profile_.warnings.emplace_back(kOnlySecondCount);
  } else if (two_counts_ != 0) {
    profile_.warnings.push_back(fmt::format(
        "{} of {} lines end in two numbers: the first of them is taken for the end of a name, "
        "since a differential has two on every line",
        two_counts_, lines_));
  }
  return std::move(profile_);
}

Result<Profile> import_text(std::string_view text, const std::string& name,
                            const FoldedImportOptions& options) {
  std::optional<FoldedImport> import(std::in_place, false, options);
  bool fits = import->read(text);
  if (import->looks_differential()) {
    import.emplace(true, options);
    fits = import->read(text);
  }
  if (!fits) return fail(name + ": the counts add up to more than 2^53");
  if (!import->found_stacks()) {
    return fail(name + ": no stacks found",
                "folded stacks are lines like 'main;compute;sqrt 12', root first", 2);
  }
  if (options.refuse_other_text && import->is_other_text()) {
    return fail(name + ": most of its lines are no stacks: not 'frame;frame;frame count'",
                "if they are, --input-format folded takes those that can be read", 2);
  }
  return import->finish();
}

}  // namespace

Result<Profile> import_folded(std::span<const std::byte> text, const std::string& name,
                              const FoldedImportOptions& options) {
  ByteReader reader(text);
  const uint16_t mark = reader.remaining() >= 2 ? reader.u16() : 0;  // read little-endian
  if (mark == 0xfeff || mark == 0xfffe) {
    FoldedImportOptions converted = options;
    converted.progress = {};  // it would tell of other bytes
    const ByteReader in = mark == 0xfeff ? reader : ByteReader(reader.rest(), true);
    return import_text(utf8_of_utf16(in), name, converted);
  }
  std::string_view view(reinterpret_cast<const char*>(text.data()), text.size());
  if (view.starts_with("\xef\xbb\xbf")) view.remove_prefix(3);
  return import_text(view, name, options);
}

}  // namespace prof
