#include "report/import_bpftrace.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

#include "report/imported_samples.h"
#include "report/script_line.h"
#include "report/text_lines.h"

namespace prof {

namespace {

bool is_name(char c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_hex(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdefABCDEF") == text.npos;
}

/// The name of the map that an entry begins on this line, which then begins behind the bracket.
std::optional<std::string_view> begin_of_entry(std::string_view& line) {
  if (!line.starts_with('@')) return {};
  size_t end = 1;
  while (end < line.size() && is_name(line[end])) ++end;
  if (end == line.size() || line[end] != '[') return {};
  const std::string_view name = line.substr(0, end);
  line.remove_prefix(end + 1);
  return name;
}

/// "]: 12" at the end of a line, which then ends before it.
std::optional<int64_t> end_of_entry(std::string_view& line) {
  const size_t bracket = line.rfind("]: ");
  if (bracket == line.npos) return {};
  const std::string_view digits = trimmed(line.substr(bracket + 3));
  int64_t count = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (error != std::errc{} || end != digits.data() + digits.size()) return {};
  line = line.substr(0, bracket);
  return count;
}

/// "name+12", "name+0x1c" as their name; an address alone has none.
std::string_view function_of(std::string_view frame) {
  if (frame.starts_with("0x") && is_hex(frame.substr(2))) return {};
  constexpr size_t kAddressDigits = 8;  // of the mode `raw`; shorter ones may be names
  if (frame.size() >= kAddressDigits && is_hex(frame)) return {};
  const size_t plus = frame.rfind('+');
  if (plus == frame.npos || plus == 0) return frame;
  std::string_view offset = frame.substr(plus + 1);
  const bool decimal = offset.find_first_not_of("0123456789") == offset.npos;
  const bool hex = offset.starts_with("0x") && is_hex(offset.substr(2));
  return !offset.empty() && (decimal || hex) ? frame.substr(0, plus) : frame;
}

class BpftraceImport {
 public:
  explicit BpftraceImport(ImportedSamples& samples) : samples_(samples) {}

  /// False when the counts add up to more than can be held.
  bool read(std::string_view text);
  uint64_t entries() const { return entries_; }
  uint64_t negative() const { return negative_; }

 private:
  bool add(std::string_view map, int64_t count);
  void take_line(std::string_view line, bool first);
  void take_key(std::string_view text);
  void take_frame(std::string_view line);

  ImportedSamples& samples_;
  std::vector<FrameId> stack_;  // leaf first
  bool has_stack_ = false;
  std::string keys_;  // those that are no stacks
  uint64_t entries_ = 0, negative_ = 0;
};

void BpftraceImport::take_key(std::string_view text) {
  text = trimmed(text);
  while (text.starts_with(',')) text = trimmed(text.substr(1));
  while (text.ends_with(',')) text = trimmed(text.substr(0, text.size() - 1));
  if (text.empty()) return;
  if (!keys_.empty()) keys_ += ", ";
  keys_ += text;
}

void BpftraceImport::take_frame(std::string_view line) {
  has_stack_ = true;
  ImportedFrame frame;
  const auto told = parse_script_frame(line);
  if (told && !told->name.empty() && !told->dso.empty()) {  // the mode `perf`
    frame.name = told->name;
    frame.dso = told->dso;
    if (is_kernel_dso(frame.dso)) frame.kind = FrameKind::Kernel;
  } else {
    std::string_view text = trimmed(line);
    // "name+12 (/usr/lib/libc.so.6)", as newer ones print it.
    const size_t file = text.rfind(" (/");
    if (file != text.npos && text.ends_with(')')) {
      frame.dso = text.substr(file + 2, text.size() - file - 3);
      text = text.substr(0, file);
    }
    frame.name = function_of(text);
  }
  stack_.push_back(samples_.frame(frame));
}

/// Frames are indented; a stack is a key of its own, so that the comma behind it stands at the
/// beginning of the line after its last frame.
void BpftraceImport::take_line(std::string_view line, bool first) {
  if (is_blank(line)) {
    has_stack_ = has_stack_ || first;
  } else if (!first && (line.front() == ' ' || line.front() == '\t')) {
    take_frame(line);
  } else {
    take_key(line);
  }
}

bool BpftraceImport::add(std::string_view map, int64_t count) {
  if (count < 0) {
    ++negative_;
    return true;
  }
  ++entries_;
  if (count == 0 || samples_.drops(map, -1, {})) return true;
  ImportedSample sample;
  sample.event = samples_.event(map, "events");
  if (!keys_.empty()) sample.comm = keys_;
  sample.samples = sample.period = static_cast<uint64_t>(count);
  return samples_.add(sample, stack_);
}

bool BpftraceImport::read(std::string_view text) {
  std::optional<std::string_view> map;  // of the entry at hand
  while (!text.empty()) {
    std::string_view line = next_line(text);
    bool first = false;
    if (const auto name = begin_of_entry(line)) {
      map = name;
      first = true;
      stack_.clear();
      keys_.clear();
      has_stack_ = false;
    }
    if (!map) continue;
    const auto count = end_of_entry(line);
    take_line(line, first);
    if (!count) {
      // A map without stacks, whose value is no number: a histogram, a text.
      if (first && !is_blank(line) && line.find(']') != line.npos) map.reset();
      continue;
    }
    if (has_stack_ && !add(*map, *count)) return false;
    map.reset();
  }
  return true;
}

}  // namespace

bool looks_like_bpftrace(std::string_view text) {
  constexpr size_t kMostLines = 1000;  // of what a program prints before its maps
  text = without_mark(text);
  for (size_t i = 0; i < kMostLines && !text.empty(); ++i) {
    std::string_view line = next_line(text);
    // "@[bash]: 12", a map without stacks, may come before one with.
    if (begin_of_entry(line)) return true;
  }
  return false;
}

Result<Profile> import_bpftrace(std::string_view text, const std::string& name,
                                const LoadOptions& options) {
  text = without_mark(text);
  ImportedSamples samples(options);
  constexpr std::array kKnown = {WhereField::Comm, WhereField::Event, WhereField::Symbol,
                                 WhereField::StackSymbol, WhereField::StackDepth};
  if (auto done = samples.choose("maps of bpftrace", kKnown, {}, name); !done) {
    return tl::unexpected(std::move(done.error()));
  }
  BpftraceImport import(samples);
  const bool fits = import.read(text);
  if (fits && import.entries() == 0) {
    return fail(name + ": no map of bpftrace has stacks as keys",
                "count by them: @[kstack, ustack, comm] = count();", 2);
  }
  auto profile = samples.finish(name);
  if (!profile) return profile;
  if (import.negative() != 0) {
    profile->warnings.push_back(
        fmt::format("{}: left out {} entries with negative values", name, import.negative()));
  }
  return profile;
}

}  // namespace prof
