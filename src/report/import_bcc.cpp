#include "report/import_bcc.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

#include "report/imported_samples.h"
#include "report/text_lines.h"

namespace prof {

namespace {

bool is_indented(std::string_view line) {
  return !line.empty() && (line.front() == ' ' || line.front() == '\t');
}

std::optional<uint64_t> count_of(std::string_view line) {
  const std::string_view digits = trimmed(line);
  uint64_t count = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) return {};
  return count;
}

struct Task {
  std::string_view comm;
  int32_t pid = -1;
};

/// "name (12)" or "name [12]", whose last bracket is `open`.
std::optional<Task> task_in(std::string_view text, char open, char close) {
  if (!text.ends_with(close)) return {};
  const size_t bracket = text.rfind(open);
  if (bracket == text.npos || bracket < 2 || text[bracket - 1] != ' ') return {};
  const std::string_view digits = text.substr(bracket + 1, text.size() - bracket - 2);
  Task task{trimmed(text.substr(0, bracket)), -1};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), task.pid);
  if (error != std::errc{} || end != digits.data() + digits.size() || task.pid < 0) return {};
  return task;
}

/// What profile and offcputime print, with a dash before it, and stackcount -P.
std::optional<Task> task_of(std::string_view line) {
  const std::string_view text = trimmed(line);
  if (text.starts_with("- ")) return task_in(trimmed(text.substr(2)), '(', ')');
  return task_in(text, '[', ']');
}

/// The unit of the counts, of what is said before the first stack.
std::string_view unit_told(std::string_view line) {
  if (line.find("(us)") != line.npos) return "us";
  if (line.find("(ms)") != line.npos) return "ms";
  return {};
}

class BccImport {
 public:
  explicit BccImport(ImportedSamples& samples) : samples_(samples) {}

  /// False when the counts add up to more than can be held.
  bool read(std::string_view text);
  uint64_t stacks() const { return stacks_; }
  uint64_t ignored() const { return ignored_; }

 private:
  bool end();
  FrameId frame_of(std::string_view line, bool kernel);

  ImportedSamples& samples_;
  std::vector<std::string_view> lines_;  // of the stack at hand
  std::vector<FrameId> stack_;
  std::string_view unit_;
  uint64_t stacks_ = 0, ignored_ = 0;
};

FrameId BccImport::frame_of(std::string_view line, bool kernel) {
  ImportedFrame frame;
  frame.name = trimmed(line);
  constexpr std::string_view kMark = "_[k]";
  if (frame.name.size() > kMark.size() && frame.name.ends_with(kMark)) {
    frame.name.remove_suffix(kMark.size());
    kernel = true;
  }
  // "name+0x1c" with offsets (-v), "0x7f12" without a name.
  if (const size_t plus = frame.name.rfind("+0x"); plus != frame.name.npos && plus > 0) {
    if (frame.name.find_first_not_of("0123456789abcdef", plus + 3) == frame.name.npos) {
      frame.name = frame.name.substr(0, plus);
    }
  }
  if (frame.name.starts_with("0x") &&
      frame.name.find_first_not_of("0123456789abcdef", 2) == frame.name.npos) {
    frame.name = {};
  }
  if (kernel) frame.kind = FrameKind::Kernel;
  return samples_.frame(frame);
}

bool BccImport::end() {
  const std::vector<std::string_view> lines = std::exchange(lines_, {});
  if (lines.empty()) return true;
  auto count = count_of(lines.back());
  if (!count) {
    ignored_ += lines.size();
    return true;
  }
  const bool in_time = !unit_.empty();
  const std::string_view event = in_time ? "time" : "samples";
  ++stacks_;
  if (*count == 0 || samples_.drops(event, -1, {})) return true;
  ImportedSample sample;
  sample.event = samples_.event(event, in_time ? "ns" : "samples", in_time);
  size_t end = lines.size() - 1;
  if (end > 0) {
    if (const auto task = task_of(lines[end - 1])) {
      sample.comm = task->comm;
      sample.pid = task->pid;
      --end;
    }
  }
  size_t delimiter = 0;
  for (size_t i = 0; i < end; ++i) {
    if (trimmed(lines[i]) == "--") delimiter = i;
  }
  stack_.clear();
  for (size_t i = 0; i < end; ++i) {
    if (trimmed(lines[i]) == "--") continue;
    stack_.push_back(frame_of(lines[i], i < delimiter));
  }
  const uint64_t ns_each = unit_ == "us" ? 1000 : unit_ == "ms" ? 1000000 : 1;
  if (*count > ImportedSamples::kMostWeight / ns_each) *count = UINT64_MAX / ns_each;
  sample.period = *count * ns_each;
  sample.samples = in_time ? 1 : *count;
  return samples_.add(sample, stack_);
}

bool BccImport::read(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = next_line(text);
    if (is_blank(line)) {
      if (!end()) return false;
    } else if (is_indented(line)) {
      lines_.push_back(line);
    } else {
      lines_.clear();  // a heading right above, a message among them
      if (stacks_ == 0 && unit_.empty()) unit_ = unit_told(line);
    }
  }
  return end();
}

}  // namespace

bool looks_like_bcc(std::string_view text) {
  constexpr size_t kMostLines = 1000;  // of what stands above the first stack, and of it
  text = without_mark(text);
  size_t indented = 0;
  bool is_count = false;
  for (size_t i = 0; i < kMostLines && !text.empty(); ++i) {
    const std::string_view line = next_line(text);
    if (is_indented(line) && !is_blank(line)) {
      ++indented;
      is_count = count_of(line).has_value();
      continue;
    }
    if (is_blank(line) && indented >= 2 && is_count) return true;
    indented = 0;
  }
  return text.empty() && indented >= 2 && is_count;
}

Result<Profile> import_bcc(std::string_view text, const std::string& name,
                           const LoadOptions& options) {
  text = without_mark(text);
  ImportedSamples samples(options);
  constexpr std::array kKnown = {WhereField::Comm,        WhereField::Pid,
                                 WhereField::Mode,        WhereField::Symbol,
                                 WhereField::StackSymbol, WhereField::StackDepth};
  if (auto done = samples.choose("stacks of bcc", kKnown, {}, name); !done) {
    return tl::unexpected(std::move(done.error()));
  }
  BccImport import(samples);
  const bool fits = import.read(text);
  if (fits && import.stacks() == 0) {
    return fail(name + ": no stacks of bcc found",
                "they are indented lines, the last of them a count", 2);
  }
  auto profile = samples.finish(name);
  if (!profile) return profile;
  if (import.ignored() != 0) {
    profile->warnings.push_back(fmt::format(
        "{}: left out {} indented lines without a count below them", name, import.ignored()));
  }
  return profile;
}

}  // namespace prof
