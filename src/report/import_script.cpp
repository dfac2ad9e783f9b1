#include "report/import_script.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "report/imported_samples.h"
#include "report/script_line.h"
#include "report/text_lines.h"

namespace prof {

namespace {

/// By what perf calls the kernel and its modules; in their addresses the highest bit is set, unless
/// they are of a module's file.
bool is_kernel(const ScriptFrame& frame) {
  return frame.address >> 63 != 0 || is_kernel_dso(frame.dso);
}

ImportedSamples::Times times_of(std::string_view text) {
  ImportedSamples::Times times;
  while (!text.empty()) {
    const auto head = parse_script_head(next_line(text));
    if (head && head->time) times.add(*head->time);
  }
  return times;
}

class ScriptImport {
 public:
  explicit ScriptImport(ImportedSamples& samples) : samples_(samples) {}

  void read(std::string_view text);
  /// What to warn of; empty: nothing.
  std::string complaint(const std::string& name) const;

 private:
  void begin(const ScriptHead& head);
  void add_frame(std::string_view line);
  void end();
  void append_frames(const ScriptFrame& frame);
  FrameId frame_of(const ScriptFrame& frame, std::string_view name);

  ImportedSamples& samples_;
  StringTable lines_;                            // of frames, as written
  std::vector<std::vector<FrameId>> frames_of_;  // by line: leaf first
  // The sample at hand.
  std::optional<ScriptHead> head_;
  bool dropped_ = false;
  std::vector<FrameId> stack_;  // leaf first
  bool fits_ = true;
  uint64_t ignored_ = 0, first_ignored_ = 0, line_number_ = 0;
};

void ScriptImport::read(std::string_view text) {
  while (!text.empty() && fits_) {
    const std::string_view line = next_line(text);
    ++line_number_;
    if (is_blank(line)) {
      // A sample whose frames come only behind the blank line is one without, as in perf's texts
      // of broken call chains: what follows belongs to nobody.
      end();
    } else if (line.front() == '#') {
      continue;
    } else if (const auto head = parse_script_head(line)) {
      end();
      begin(*head);
    } else if (head_) {
      add_frame(line);
    }
  }
  end();
}

void ScriptImport::begin(const ScriptHead& head) {
  head_ = head;
  dropped_ = samples_.drops(head.event, head.cpu, head.time);
  stack_.clear();
  if (dropped_) return;
  // Without call chains the frame is on the line itself, where a tracepoint has its fields.
  if (const auto frame = parse_script_frame(head.rest)) append_frames(*frame);
}

void ScriptImport::add_frame(std::string_view line) {
  if (dropped_) return;
  const size_t first = line.find_first_not_of(" \t");
  const StringId id = lines_.intern(line.substr(first));
  if (id.value >= frames_of_.size()) {
    const auto frame = parse_script_frame(line);
    std::vector<FrameId> before;
    before.swap(stack_);
    if (frame) append_frames(*frame);
    frames_of_.push_back(std::exchange(stack_, std::move(before)));
  }
  const std::vector<FrameId>& frames = frames_of_[id.value];
  if (frames.empty()) {
    if (ignored_++ == 0) first_ignored_ = line_number_;
    return;
  }
  samples_.profile().has_callchains = true;
  if (!samples_.wants_stacks() && !stack_.empty()) return;
  stack_.insert(stack_.end(), frames.begin(), frames.end());
}

/// As perf-map-agent writes what the JIT compiler inlined: "outer->inner" is two frames.
void ScriptImport::append_frames(const ScriptFrame& frame) {
  // perf's mark for a process is no code; a function of a nameless namespace is.
  if (frame.name.starts_with('(') && !frame.name.starts_with("(anonymous namespace)")) return;
  std::string_view name = frame.name;
  if (is_generated_dso(frame.dso)) {
    for (size_t at = name.rfind("->"); at != name.npos && at > 0; at = name.rfind("->")) {
      if (at + 2 < name.size()) stack_.push_back(frame_of(frame, name.substr(at + 2)));
      name = name.substr(0, at);
    }
  }
  stack_.push_back(frame_of(frame, name));
}

FrameId ScriptImport::frame_of(const ScriptFrame& from, std::string_view name) {
  ImportedFrame frame;
  frame.name = name;
  frame.dso = from.dso;
  frame.kind = from.inlined                 ? FrameKind::Inlined
               : is_kernel(from)            ? FrameKind::Kernel
               : is_generated_dso(from.dso) ? FrameKind::Jit
                                            : FrameKind::User;
  return samples_.frame(frame);
}

void ScriptImport::end() {
  if (!head_) return;
  const ScriptHead head = *std::exchange(head_, std::nullopt);
  if (dropped_) return;
  const bool clock = head.event.starts_with("cpu-clock") || head.event.starts_with("task-clock");
  ImportedSample sample;
  sample.event = samples_.event(head.event, clock ? "ns" : "events");
  sample.comm = head.comm;
  sample.pid = head.pid;
  sample.tid = head.tid;
  sample.cpu = head.cpu;
  sample.time = head.time;
  sample.period = head.period.value_or(1);
  fits_ = samples_.add(sample, stack_);
}

std::string ScriptImport::complaint(const std::string& name) const {
  if (ignored_ == 0) return {};
  return fmt::format("{}: {} lines among the frames are none (the first is line {})", name,
                     ignored_, first_ignored_);
}

}  // namespace

bool looks_like_script(std::string_view text) {
  constexpr size_t kMostLines = 100;  // of a header, or of perf's own records
  text = without_mark(text);
  for (size_t i = 0; i < kMostLines && !text.empty();) {
    const std::string_view line = next_line(text);
    if (is_blank(line) || line.front() == '#') continue;
    if (parse_script_head(line)) return true;
    ++i;
  }
  return false;
}

Result<Profile> import_script(std::string_view text, const std::string& name,
                              const LoadOptions& options) {
  text = without_mark(text);
  const FilterOptions& filter = options.input.filter;
  ImportedSamples samples(options);
  constexpr std::array kKnown = {
      WhereField::Comm,     WhereField::Pid,       WhereField::Tid,   WhereField::Cpu,
      WhereField::Event,    WhereField::Time,      WhereField::Clock, WhereField::Period,
      WhereField::Mode,     WhereField::Symbol,    WhereField::Dso,   WhereField::StackSymbol,
      WhereField::StackDso, WhereField::StackDepth};
  const bool by_time = !filter.time.empty() || !filter.where.empty();
  const auto times = by_time ? times_of(text) : ImportedSamples::Times();
  if (auto done = samples.choose("texts of perf script", kKnown, times, name,
                                 "print them: perf script -F +time");
      !done) {
    return tl::unexpected(std::move(done.error()));
  }
  ScriptImport import(samples);
  import.read(text);
  auto profile = samples.finish(name);
  if (!profile) return profile;
  if (std::string complaint = import.complaint(name); !complaint.empty()) {
    profile->warnings.push_back(std::move(complaint));
  }
  return profile;
}

}  // namespace prof
