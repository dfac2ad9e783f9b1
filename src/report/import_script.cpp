#include "report/import_script.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <optional>
#include <vector>

#include "report/group_frame.h"
#include "report/script_line.h"
#include "report/stack_tree.h"
#include "report/time_range.h"
#include "report/where_text.h"

namespace prof {

namespace {

constexpr std::string_view kUnknown = "[unknown]";
// Totals stay below this, so that sums of any of them cannot wrap.
constexpr uint64_t kMostWeight = uint64_t{1} << 53;  // also what a browser's numbers hold exactly

/// The next line of `text`, which then begins behind it; without its end.
std::string_view next_line(std::string_view& text) {
  const void* end = std::memchr(text.data(), '\n', text.size());
  const size_t length =
      end ? static_cast<size_t>(static_cast<const char*>(end) - text.data()) : text.size();
  std::string_view line = text.substr(0, length);
  text.remove_prefix(end ? length + 1 : length);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t") == line.npos;
}

std::string_view without_mark(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  return text;
}

std::string_view base_name(std::string_view path) {
  return path.starts_with('[') ? path : path.substr(path.rfind('/') + 1);
}

/// By what perf calls the kernel and its modules; in their addresses the highest bit is set, unless
/// they are of a module's file.
bool is_kernel(const ScriptFrame& frame) {
  const std::string_view file = base_name(frame.dso);
  return frame.address >> 63 != 0 || file.starts_with("[kernel.") || file.starts_with("[guest.") ||
         file.starts_with("vmlinux") || file.find(".ko") != file.npos;
}

/// Written for code that was made at run time: perf-PID.map, and what perf inject makes.
bool is_generated(std::string_view dso) {
  const std::string_view file = base_name(dso);
  return (file.starts_with("perf-") && file.ends_with(".map")) || file.starts_with("jitted-") ||
         file == "[jit]";
}

/// First and last time of the samples.
std::pair<uint64_t, uint64_t> times_of(std::string_view text) {
  std::pair<uint64_t, uint64_t> times{UINT64_MAX, 0};
  while (!text.empty()) {
    const auto head = parse_script_head(next_line(text));
    if (!head || !head->time) continue;
    times.first = std::min(times.first, *head->time);
    times.second = std::max(times.second, *head->time);
  }
  return times;
}

class ScriptImport {
 public:
  explicit ScriptImport(const LoadOptions& options)
      : by_(options.group),
        filter_(options.input.filter),
        max_stack_(options.max_stack),
        with_callchain_(options.with_callchain) {}

  void set_times(std::vector<TimeRange> times) { times_ = std::move(times); }
  void set_where(Where where, uint64_t first_time) {
    where_ = std::move(where);
    first_time_ = first_time;
  }
  /// False when the periods add up to more than can be held.
  bool read(std::string_view text);
  Result<Profile> finish(const std::string& name);

 private:
  void begin(const ScriptHead& head);
  void add_frame(std::string_view line);
  void end();
  bool drops(const ScriptHead& head) const;
  bool hides(const ScriptHead& head) const;
  bool is_wanted(const ScriptHead& head) const;
  uint32_t event_of(std::string_view name);
  uint32_t group_of(const ScriptHead& head);
  void append_frames(const ScriptFrame& frame);
  FrameId frame_of(const ScriptFrame& frame, std::string_view name);

  const GroupBy by_;
  const FilterOptions& filter_;
  const uint32_t max_stack_;
  const bool with_callchain_;
  std::vector<TimeRange> times_;
  std::optional<Where> where_;
  uint64_t first_time_ = 0;
  Profile profile_;
  StackTree tree_;
  std::map<Group, uint32_t> groups_;
  StringTable lines_;                            // of frames, as written
  std::vector<std::vector<FrameId>> frames_of_;  // by line: leaf first
  std::map<std::tuple<std::string, std::string, FrameKind>, FrameId> frames_;
  // The sample at hand.
  std::optional<ScriptHead> head_;
  bool dropped_ = false;
  bool has_frames_ = false;
  std::vector<FrameId> stack_;  // leaf first
  uint64_t weight_ = 0, samples_ = 0, ignored_ = 0, first_ignored_ = 0, line_number_ = 0;
};

bool ScriptImport::read(std::string_view text) {
  while (!text.empty() && weight_ <= kMostWeight) {
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
  return weight_ <= kMostWeight;
}

bool ScriptImport::drops(const ScriptHead& head) const {
  if (!filter_.event.empty() && head.event != filter_.event) return true;
  if (!filter_.cpus.empty() && std::ranges::find(filter_.cpus, head.cpu) == filter_.cpus.end()) {
    return true;
  }
  if (times_.empty()) return false;
  return !head.time || std::ranges::none_of(times_, [&](const TimeRange& range) {
    return *head.time >= range.first && *head.time <= range.second;
  });
}

bool ScriptImport::hides(const ScriptHead& head) const {
  const auto lacks = [](const auto& wanted, const auto& value) {
    return !wanted.empty() && std::ranges::find(wanted, value) == wanted.end();
  };
  return lacks(filter_.comms, head.comm) || lacks(filter_.pids, head.pid) ||
         lacks(filter_.tids, head.tid);
}

bool ScriptImport::is_wanted(const ScriptHead& head) const {
  if (!where_) return true;
  const auto known = [](int32_t value) {
    return value < 0 ? std::nullopt : std::optional<int32_t>(value);
  };
  TextSubject subject(profile_);
  subject.set({head.comm, head.event, known(head.pid), known(head.tid), known(head.cpu), head.time,
               head.period, first_time_, stack_});
  return where_->matches(subject);
}

void ScriptImport::begin(const ScriptHead& head) {
  head_ = head;
  dropped_ = drops(head);
  has_frames_ = false;
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
  has_frames_ = true;
  const bool whole = with_callchain_ || (where_ && where_->uses_stack());
  if (!whole && !stack_.empty()) return;
  stack_.insert(stack_.end(), frames.begin(), frames.end());
}

/// As perf-map-agent writes what the JIT compiler inlined: "outer->inner" is two frames.
void ScriptImport::append_frames(const ScriptFrame& frame) {
  // perf's mark for a process is no code; a function of a nameless namespace is.
  if (frame.name.starts_with('(') && !frame.name.starts_with("(anonymous namespace)")) return;
  std::string_view name = frame.name;
  if (is_generated(frame.dso)) {
    for (size_t at = name.rfind("->"); at != name.npos && at > 0; at = name.rfind("->")) {
      if (at + 2 < name.size()) stack_.push_back(frame_of(frame, name.substr(at + 2)));
      name = name.substr(0, at);
    }
  }
  stack_.push_back(frame_of(frame, name));
}

FrameId ScriptImport::frame_of(const ScriptFrame& from, std::string_view name) {
  const bool found = !name.empty() && name != kUnknown;
  const bool mapped = !from.dso.empty() && from.dso != kUnknown;
  Frame frame;
  frame.kind = !found                   ? FrameKind::Unknown
               : from.inlined           ? FrameKind::Inlined
               : is_kernel(from)        ? FrameKind::Kernel
               : is_generated(from.dso) ? FrameKind::Jit
                                        : FrameKind::User;
  frame.level = is_kernel(from) ? 'k' : '.';
  const std::string file(base_name(from.dso));
  const std::string shown = found                   ? std::string(name)
                            : !mapped               ? std::string(kUnknown)
                            : file.starts_with('[') ? file
                                                    : "[" + file + "]";
  const auto [known, added] =
      frames_.try_emplace({shown, std::string(from.dso), frame.kind},
                          FrameId{static_cast<uint32_t>(profile_.frames.size())});
  if (!added) return known->second;
  frame.name = profile_.strings.intern(shown);
  if (found) frame.symbol = frame.name;
  if (mapped) {
    frame.dso = profile_.strings.intern(from.dso);
    frame.dso_short = profile_.strings.intern(file);
  }
  profile_.frames.push_back(frame);
  return known->second;
}

uint32_t ScriptImport::event_of(std::string_view name) {
  for (size_t i = 0; i < profile_.events.size(); ++i) {
    if (profile_.events[i].name == name) return static_cast<uint32_t>(i);
  }
  ProfileEvent event;
  event.name = name;
  const bool clock = name.starts_with("cpu-clock") || name.starts_with("task-clock");
  event.unit = clock ? "ns" : "events";
  profile_.events.push_back(std::move(event));
  return static_cast<uint32_t>(profile_.events.size() - 1);
}

uint32_t ScriptImport::group_of(const ScriptHead& head) {
  Group group;
  group.event = event_of(head.event);
  if (by_.comm) group.comm = profile_.strings.intern(head.comm);
  if (by_.pid) group.pid = head.pid;
  if (by_.tid) group.tid = head.tid;
  if (by_.cpu) group.cpu = head.cpu;
  const auto [known, added] =
      groups_.try_emplace(group, static_cast<uint32_t>(profile_.groups.size()));
  if (added) profile_.groups.push_back(group);
  return known->second;
}

void ScriptImport::end() {
  if (!head_) return;
  const ScriptHead head = *std::exchange(head_, std::nullopt);
  if (dropped_ || !is_wanted(head)) return;
  const uint64_t period = head.period.value_or(1);
  weight_ += std::min(std::max<uint64_t>(period, 1), kMostWeight + 1);
  if (weight_ > kMostWeight) return;
  ProfileEvent& event = profile_.events[event_of(head.event)];
  event.total_samples += 1;
  event.total_period += period;
  ++samples_;
  if (hides(head)) return;
  event.samples += 1;
  event.period += period;
  profile_.has_callchains |= has_frames_;
  if (!with_callchain_ && stack_.size() > 1) stack_.resize(1);
  if (max_stack_ != 0 && stack_.size() > max_stack_) stack_.resize(max_stack_);
  std::ranges::reverse(stack_);
  tree_.add(group_of(head), stack_, 1, period);
}

Result<Profile> ScriptImport::finish(const std::string& name) {
  if (samples_ == 0 && !filter_.event.empty()) {
    return fail(fmt::format("no event '{}' in '{}'", filter_.event, name), {}, 2);
  }
  if (samples_ == 0) {
    return fail(name + ": no samples found",
                "was anything recorded, and is it what the filters ask for?");
  }
  std::vector<FrameId> group_frames;
  for (const Group& group : profile_.groups) group_frames.push_back(group_frame(profile_, group));
  tree_.finish(group_frames, profile_);
  count_frames(profile_);
  if (ignored_ != 0) {
    profile_.warnings.push_back(
        fmt::format("{}: {} lines among the frames are none (the first is line {})", name, ignored_,
                    first_ignored_));
  }
  return std::move(profile_);
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
  ScriptImport import(options);
  const FilterOptions& filter = options.input.filter;
  if (!filter.time.empty()) {
    const auto [first, last] = times_of(text);
    if (first > last) {
      return fail(name + ": --time of a text without times", "print them: perf script -F +time", 2);
    }
    auto times = parse_time_ranges(filter.time, first, last);
    if (!times) return tl::unexpected(times.error());
    import.set_times(std::move(*times));
  }
  if (!filter.where.empty()) {
    auto where = Where::parse(filter.where);
    if (!where) return tl::unexpected(std::move(where.error()).in("--where"));
    constexpr std::array kKnown = {
        WhereField::Comm,     WhereField::Pid,       WhereField::Tid,   WhereField::Cpu,
        WhereField::Event,    WhereField::Time,      WhereField::Clock, WhereField::Period,
        WhereField::Mode,     WhereField::Symbol,    WhereField::Dso,   WhereField::StackSymbol,
        WhereField::StackDso, WhereField::StackDepth};
    if (auto done = check_where_of_text(*where, "texts of perf script", kKnown); !done) {
      return tl::unexpected(std::move(done.error()));
    }
    uint64_t first_time = 0;
    if (where->uses_first_time()) {
      const auto [first, last] = times_of(text);
      first_time = first;
      where->set_duration(last > first ? last - first : 0);
    }
    import.set_where(std::move(*where), first_time);
  }
  if (!import.read(text)) return fail(name + ": the periods add up to more than 2^53");
  return import.finish(name);
}

}  // namespace prof
