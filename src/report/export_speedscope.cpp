#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "common/json_text.h"
#include "report/export_formats.h"

namespace prof {

namespace {

/// Writes `[1,2,3]` piece by piece.
class NumberList {
 public:
  explicit NumberList(Output& out) : out_(out) { out_ << "["; }
  void add(uint64_t number) {
    out_ << (first_ ? "" : ",") << fmt::format_int(number).c_str();
    first_ = false;
  }
  void end() { out_ << "]"; }

 private:
  Output& out_;
  bool first_ = true;
};

class SpeedscopeWriter {
 public:
  SpeedscopeWriter(const Profile& profile, const ExportOptions& options, Output& out)
      : profile_(profile), options_(options), out_(out), numbers_(profile.frames.size()) {
    const std::string unit = unit_of(profile, options);
    unit_ = unit == "ns" ? "nanoseconds" : unit == "bytes" ? "bytes" : "none";
  }

  void write() {
    out_ << "{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\",\"exporter\":";
    put("prof " PROF_VERSION);
    out_ << ",\"name\":";
    put(options_.name);
    out_ << ",\"activeProfileIndex\":0,\"shared\":{\"frames\":[";
    write_frames();
    out_ << "\n]},\"profiles\":[";
    if (profile_.timeline.samples.empty()) {
      write_all();
    } else {
      write_threads();
    }
    out_ << "\n]}\n";
  }

 private:
  void put(std::string_view text) {
    buffer_.clear();
    append_json_string(buffer_, text);
    out_ << buffer_;
  }

  /// Those of stacks; not the roots, which the profiles' names tell.
  void write_frames() {
    for (const StackNode& node : profile_.nodes) {
      if (shows_thread(profile_, node)) continue;
      uint32_t& number = numbers_[node.frame.value];
      if (number != 0) continue;
      const Frame& frame = profile_.frame(node.frame);
      out_ << (frames_ == 0 ? "\n{\"name\":" : ",\n{\"name\":");
      put(profile_.strings[frame.name]);
      if (frame.dso.valid()) {
        out_ << ",\"file\":";
        put(profile_.strings[frame.dso]);
      }
      out_ << "}";
      number = ++frames_;
    }
  }

  void write_stack(uint32_t node) {
    path_.clear();
    for (uint32_t at = node; at != UINT32_MAX; at = profile_.nodes[at].parent) {
      if (!shows_thread(profile_, profile_.nodes[at])) path_.push_back(at);
    }
    NumberList list(out_);
    for (size_t i = path_.size(); i-- > 0;) {
      list.add(numbers_[profile_.nodes[path_[i]].frame.value] - 1);
    }
    list.end();
  }

  template <class Stacks>
  void write_profile(std::string_view name, const Stacks& stacks) {
    out_ << (profiles_++ == 0 ? "\n{" : ",\n{") << "\"type\":\"sampled\",\"name\":";
    put(name);
    uint64_t total = 0;
    for (const auto& stack : stacks) total += stack.weight;
    out_ << fmt::format(",\"unit\":\"{}\",\"startValue\":0,\"endValue\":{},\n\"samples\":[", unit_,
                        weight_text(profile_, options_, total));
    bool first = true;
    for (const auto& stack : stacks) {
      if (!first) out_ << ",";
      first = false;
      write_stack(stack.node);
    }
    out_ << "],\n\"weights\":";
    out_ << "[";
    first = true;
    for (const auto& stack : stacks) {
      out_ << (std::exchange(first, false) ? "" : ",")
           << weight_text(profile_, options_, stack.weight);
    }
    out_ << "]}";
  }

  struct Weighted {
    uint32_t node;
    uint64_t weight;
  };

  void write_all() {
    std::vector<Weighted> stacks;
    for (uint32_t i = 0; i < profile_.nodes.size(); ++i) {
      const StackNode& node = profile_.nodes[i];
      const uint64_t weight = weight_of(node, options_.weight);
      if (weight != 0 && profile_.groups[node.group].event == options_.event) {
        stacks.push_back({i, weight});
      }
    }
    write_profile(options_.name, stacks);
  }

  /// The busiest first, as a viewer opens the first.
  void write_threads() {
    const Timeline& timeline = profile_.timeline;
    struct Thread {
      uint32_t number = 0;
      uint64_t weight = 0;
      std::vector<Weighted> stacks = {};
    };
    std::vector<Thread> threads(timeline.threads.size());
    for (uint32_t i = 0; i < threads.size(); ++i) threads[i].number = i;
    for (const TimelineSample& sample : timeline.samples) {
      if (sample.event != options_.event) continue;
      const uint64_t weight = weight_of(sample, options_.weight);
      threads[sample.thread].weight += weight;
      threads[sample.thread].stacks.push_back({sample.node, weight});
    }
    std::ranges::stable_sort(threads, std::greater(), &Thread::weight);
    for (const Thread& thread : threads) {
      if (thread.stacks.empty()) continue;
      const TimelineThread& of = timeline.threads[thread.number];
      write_profile(thread_text(profile_, of, options_.name), thread.stacks);
    }
  }

  const Profile& profile_;
  const ExportOptions& options_;
  Output& out_;
  std::string_view unit_;
  std::vector<uint32_t> numbers_;  // by frame: its place in the file, from 1; 0: not there
  uint32_t frames_ = 0, profiles_ = 0;
  std::vector<uint32_t> path_;
  std::string buffer_;
};

}  // namespace

Result<void> export_speedscope(const Profile& profile, const ExportOptions& options, Output& out) {
  SpeedscopeWriter(profile, options, out).write();
  return {};
}

}  // namespace prof
