#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "common/json_text.h"
#include "report/export_formats.h"

namespace prof {

namespace {

constexpr uint64_t kLongestStep = 100'000'000;  // ns that a single sample may stand for

/// The usual time between two samples of a thread that runs: what a sample stands for.
uint64_t usual_step(const std::vector<const TimelineSample*>& samples) {
  std::vector<uint64_t> steps;
  for (size_t i = 1; i < samples.size(); ++i) {
    steps.push_back(samples[i]->time - samples[i - 1]->time);
  }
  if (steps.empty()) return 1'000'000;
  const auto middle = steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 4);
  std::ranges::nth_element(steps, middle);  // pauses make many steps longer, nothing shorter
  return std::clamp<uint64_t>(*middle, 1000, kLongestStep);
}

class ChromeWriter {
 public:
  ChromeWriter(const Profile& profile, const ExportOptions& options, Output& out)
      : profile_(profile), options_(options), out_(out) {}

  void write() {
    const Timeline& timeline = profile_.timeline;
    std::vector<std::vector<const TimelineSample*>> threads(timeline.threads.size());
    for (const TimelineSample& sample : timeline.samples) {
      if (sample.event == options_.event) threads[sample.thread].push_back(&sample);
    }
    out_ << "{\"displayTimeUnit\":\"ns\",\"otherData\":{\"exporter\":\"prof " PROF_VERSION
            "\"},\"traceEvents\":[";
    for (size_t i = 0; i < threads.size(); ++i) {
      if (threads[i].empty()) continue;
      TimelineThread thread = timeline.threads[i];
      // Threads whose numbers are not known must not be one.
      if (thread.pid < 0) thread.pid = 0;
      if (thread.tid < 0) thread.tid = static_cast<int32_t>(i) + 1;
      name_thread(thread);
      write_thread(thread, threads[i]);
    }
    out_ << "\n]}\n";
  }

 private:
  struct Open {
    FrameId frame;
    uint64_t begin;
  };

  void begin_event() {
    out_ << (first_ ? "\n" : ",\n");
    first_ = false;
    text_.clear();
  }

  void name_thread(const TimelineThread& thread) {
    const auto tell = [&](std::string_view what) {
      begin_event();
      text_ = fmt::format(R"({{"ph":"M","pid":{},"tid":{},"name":"{}","args":{{"name":)",
                          thread.pid, thread.tid, what);
      append_json_string(text_, thread.comm.valid() ? profile_.strings[thread.comm] : "[unknown]");
      out_ << text_ << "}}";
    };
    if (processes_.insert(thread.pid).second) tell("process_name");
    tell("thread_name");
  }

  // A sample stands for the time since the one before it, if that is near.
  void write_thread(const TimelineThread& thread,
                    const std::vector<const TimelineSample*>& samples) {
    const uint64_t step = usual_step(samples);
    open_.clear();
    uint64_t last = 0;
    for (const TimelineSample* sample : samples) {
      uint64_t begin = sample->time > step ? sample->time - step : 0;
      const bool near = last != 0 && begin <= last + step;
      if (near) {
        begin = last;
      } else {
        close(thread, 0, last);
      }
      frames_of(sample->node);
      size_t common = 0;
      while (near && common < open_.size() && common < frames_.size() &&
             open_[common].frame == frames_[common]) {
        ++common;
      }
      close(thread, common, begin);
      for (size_t i = common; i < frames_.size(); ++i) open_.push_back({frames_[i], begin});
      last = sample->time;
    }
    close(thread, 0, last);
  }

  /// Ends all calls but the outermost `keep`.
  void close(const TimelineThread& thread, size_t keep, uint64_t end) {
    for (; open_.size() > keep; open_.pop_back()) {
      const Open& call = open_.back();
      begin_event();
      text_ = "{\"ph\":\"X\",\"name\":";
      append_json_string(text_, profile_.name(call.frame));
      const Frame& frame = profile_.frame(call.frame);
      if (frame.dso_short.valid()) {
        text_ += ",\"cat\":";
        append_json_string(text_, profile_.strings[frame.dso_short]);
      }
      text_ += fmt::format(R"(,"pid":{},"tid":{},"ts":{},"dur":{}}})", thread.pid, thread.tid,
                           micros(call.begin - std::min(call.begin, options_.begin)),
                           micros(end - call.begin));
      out_ << text_;
    }
  }

  static std::string micros(uint64_t ns) { return fmt::format("{}.{:03}", ns / 1000, ns % 1000); }

  /// Root first, without the frame that shows the thread.
  void frames_of(uint32_t node) {
    frames_.clear();
    for (uint32_t at = node; at != UINT32_MAX; at = profile_.nodes[at].parent) {
      const StackNode& step = profile_.nodes[at];
      if (!shows_thread(profile_, step)) frames_.push_back(step.frame);
    }
    std::ranges::reverse(frames_);
  }

  const Profile& profile_;
  const ExportOptions& options_;
  Output& out_;
  bool first_ = true;
  std::set<int32_t> processes_;
  std::vector<Open> open_;
  std::vector<FrameId> frames_;
  std::string text_;
};

}  // namespace

Result<void> export_chrome(const Profile& profile, const ExportOptions& options, Output& out) {
  if (!profile.timeline.has_times()) {
    return fail("a trace needs to know when samples were taken, and the input does not say it",
                "speedscope, d3 and callgrind show stacks without times");
  }
  ChromeWriter(profile, options, out).write();
  return {};
}

}  // namespace prof
