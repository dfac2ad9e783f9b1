#include "flamegraph/page_data.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <tuple>
#include <unordered_map>

#include "common/gzip.h"
#include "flamegraph/page_tree.h"

namespace prof {

namespace {

/// Texts by number, each once; number 0 is the empty one.
class Texts {
 public:
  Texts() { of({}); }
  uint32_t of(std::string_view text) {
    const auto [it, added] = numbers_.try_emplace(text, static_cast<uint32_t>(numbers_.size()));
    if (added) {
      if (it->second != 0) all_ += '\0';
      all_ += text;
      // The separator is no part of a name.
      std::replace(all_.end() - static_cast<std::ptrdiff_t>(text.size()), all_.end(), '\0', '?');
    }
    return it->second;
  }
  const std::string& all() const { return all_; }

 private:
  std::unordered_map<std::string_view, uint32_t> numbers_;
  std::string all_;
};

struct PageSample {
  uint64_t time = 0;  // µs since the first
  uint32_t node = 0, thread = 0;
  uint64_t weight = 0;
};

/// Numbers as LEB128, through gzip, as base64.
class Packer {
 public:
  Packer() : gzip_([this](std::string_view bytes) { encode(bytes); }) {}

  void number(uint64_t value) {
    while (value >= 128) {
      buffer_ += static_cast<char>((value & 127) | 128);
      value >>= 7;
    }
    buffer_ += static_cast<char>(value);
    if (buffer_.size() > kPiece) hand_on();
  }
  void text(std::string_view text) {
    hand_on();
    gzip_.write(text);
  }
  template <class Items, class Value>
  void column(const Items& items, Value&& value) {
    for (const auto& item : items) number(static_cast<uint64_t>(value(item)));
  }

  Result<std::string> finish() {
    hand_on();
    if (auto done = gzip_.finish(); !done) return tl::unexpected(std::move(done.error()));
    if (pending_ != 0) {
      const size_t filled = pending_;
      const std::array<char, 3> zeros{};
      encode(std::string_view(zeros.data(), 3 - filled));
      for (size_t i = filled; i < 3; ++i) text_[text_.size() - 3 + i] = '=';
    }
    return std::move(text_);
  }

 private:
  static constexpr size_t kPiece = 1 << 16;

  void hand_on() {
    gzip_.write(buffer_);
    buffer_.clear();
  }

  /// RFC 4648, section 4.
  void encode(std::string_view bytes) {
    static constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (const char byte : bytes) {
      bits_ = bits_ << 8 | static_cast<unsigned char>(byte);
      if (++pending_ < 3) continue;
      for (int shift = 18; shift >= 0; shift -= 6) text_ += kDigits[bits_ >> shift & 63];
      bits_ = 0;
      pending_ = 0;
    }
  }

  std::string buffer_, text_;
  uint32_t bits_ = 0;
  size_t pending_ = 0;
  Gzip gzip_;
};

std::vector<PageSample> samples_of(const Profile& profile, const PageTree& tree,
                                   const std::vector<Weight>& weights) {
  const auto& all = profile.timeline.samples;
  std::vector<PageSample> samples;
  samples.reserve(all.size());
  for (const TimelineSample& sample : all) {
    const uint32_t node = tree.node_of[sample.node];
    if (node == PageTree::kNoNode) continue;
    samples.push_back({(sample.time - all.front().time) / 1000, node, sample.thread,
                       weights[sample.event] == Weight::Period ? sample.period : sample.samples});
  }
  return samples;
}

/// Samples of one stack and thread within a quantum are put together where there are more than
/// `most`; the quantum grows until there are not. Returns it, in µs.
uint64_t put_together(std::vector<PageSample>& samples, size_t most) {
  uint64_t quantum = 1;
  while (samples.size() > most && quantum < 1'000'000) {
    quantum = quantum == 1 ? 1000 : quantum * 10;
    for (PageSample& sample : samples) sample.time -= sample.time % quantum;
    std::ranges::sort(samples, {}, [](const PageSample& sample) {
      return std::tuple(sample.time, sample.thread, sample.node);
    });
    size_t kept = 0;
    for (const PageSample& sample : samples) {
      PageSample* last = kept == 0 ? nullptr : &samples[kept - 1];
      if (last && last->time == sample.time && last->thread == sample.thread &&
          last->node == sample.node) {
        last->weight += sample.weight;
      } else {
        samples[kept++] = sample;
      }
    }
    samples.resize(kept);
  }
  return quantum;
}

}  // namespace

Result<PageData> pack_page_data(const Profile& profile, const std::vector<Weight>& weights,
                                const PageLimits& limits) {
  const PageTree tree = make_page_tree(profile, weights, limits.nodes);
  std::vector<PageSample> samples = samples_of(profile, tree, weights);
  PageData data;
  data.quantum = put_together(samples, limits.samples) * 1000;
  data.nodes = tree.nodes.size();
  data.left_out = tree.left_out;
  data.samples = samples.size();
  std::vector<uint32_t> number_of(profile.events.size());
  for (uint32_t event = 0; event < profile.events.size(); ++event) {
    if (profile.events[event].samples == 0) continue;
    number_of[event] = static_cast<uint32_t>(data.events.size());
    data.events.push_back(event);
  }

  Texts texts;
  for (const PageFrame& frame : tree.frames) {
    for (const auto text : {frame.name, frame.dso, frame.file}) texts.of(text);
  }
  for (const TimelineThread& thread : profile.timeline.threads) {
    if (thread.comm.valid()) texts.of(profile.strings[thread.comm]);
  }
  Packer out;
  out.number(texts.all().size());
  out.text(texts.all());
  out.number(tree.frames.size());
  out.column(tree.frames, [&](const PageFrame& frame) { return texts.of(frame.name); });
  out.column(tree.frames, [&](const PageFrame& frame) { return texts.of(frame.dso); });
  out.column(tree.frames, [&](const PageFrame& frame) { return texts.of(frame.file); });
  out.column(tree.frames, [](const PageFrame& frame) { return frame.kind; });
  out.number(tree.nodes.size());
  out.column(tree.nodes, [](const PageTree::Node& node) { return node.up; });
  out.column(tree.nodes, [](const PageTree::Node& node) { return node.frame; });
  uint32_t depth = 0;  // of the node before, plus one
  for (const PageTree::Node& node : tree.nodes) {
    depth -= node.up;
    if (depth == 0) out.number(number_of[node.event]);
    ++depth;
  }
  out.number(profile.timeline.threads.size());
  for (const TimelineThread& thread : profile.timeline.threads) {
    out.number(static_cast<uint64_t>(std::max(thread.pid, -1) + int64_t{1}));
    out.number(static_cast<uint64_t>(std::max(thread.tid, -1) + int64_t{1}));
    out.number(thread.comm.valid() ? texts.of(profile.strings[thread.comm]) : 0);
  }
  out.number(samples.size());
  if (samples.empty()) {
    out.column(tree.nodes, [](const PageTree::Node& node) { return node.self; });
  } else {
    uint64_t before = 0;
    out.column(samples, [&](const PageSample& sample) {
      return sample.time - std::exchange(before, sample.time);
    });
    out.column(samples, [](const PageSample& sample) { return sample.node; });
    out.column(samples, [](const PageSample& sample) { return sample.thread; });
    out.column(samples, [](const PageSample& sample) { return sample.weight; });
  }
  auto text = out.finish();
  if (!text) return tl::unexpected(std::move(text.error()));
  data.text = std::move(*text);
  return data;
}

}  // namespace prof
