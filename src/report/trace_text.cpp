#include "report/trace_text.h"

#include <fmt/core.h>
#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <unordered_map>

extern "C" {
#include <traceevent/event-parse.h>
}

#include "report/print_format.h"
#include "report/trace_fields.h"

namespace prof {

namespace {

constexpr std::string_view kUnknown = "[unknown]";

/// The format's text, with escapes for tabulators and newlines in strings, which the kernel writes
/// as they are and the library does not take.
std::string with_escapes(const TracePoints::Point& point) {
  const std::string_view source = point.source.format;
  std::string_view print = point.format.print;
  std::string out(source.substr(0, source.size() - print.size()));
  while (print.ends_with('\n')) print.remove_suffix(1);
  for (const char c : print) {
    if (c == '\t' || c == '\n') {
      out += c == '\t' ? "\\t" : "\\n";
    } else {
      out += c;
    }
  }
  return out + '\n';
}

/// A sample's raw data with zeros behind them, as far as any text that check_print_format lets pass
/// can lead: the library compares no length with what there is.
class PaddedRaw {
 public:
  PaddedRaw() {
    void* memory = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory != MAP_FAILED) data_ = static_cast<std::byte*>(memory);
  }
  PaddedRaw(const PaddedRaw&) = delete;
  PaddedRaw& operator=(const PaddedRaw&) = delete;
  ~PaddedRaw() {
    if (data_) ::munmap(data_, kSize);
  }

  /// nullptr if there is no memory for it.
  std::byte* put(std::span<const std::byte> raw) {
    if (!data_ || raw.size() > kMaxRawSize) return nullptr;
    std::memcpy(data_, raw.data(), raw.size());
    if (used_ > raw.size()) std::memset(data_ + raw.size(), 0, used_ - raw.size());
    used_ = raw.size();
    return data_;
  }

 private:
  // Where a field says (64 KiB), from behind it (64 KiB), and an element of up to 64 KiB there.
  static constexpr size_t kSize = size_t{kMaxRawSize} * (kMaxPrintIndex + 4);
  std::byte* data_ = nullptr;
  size_t used_ = 0;
};

/// Names of the kernel's functions for %pS and the like.
class FunctionNames {
 public:
  explicit FunctionNames(Recording& recording)
      : recording_(recording),
        state_(recording.processes().state_at(kKernelPid, kKernelPid, UINT64_MAX)) {}

  static char* resolve(void* self, unsigned long long* address, char** module) {
    return static_cast<FunctionNames*>(self)->find(*address, *module);
  }

 private:
  struct Name {
    std::string name;
    uint64_t start = 0;
  };
  static constexpr size_t kMaxKept = 1 << 16;

  char* find(unsigned long long& address, char*& module) {
    module = nullptr;
    if (names_.size() >= kMaxKept) names_.clear();
    auto [found, added] = names_.try_emplace(address);
    if (added) look_up(address, found->second);
    if (found->second.name.empty()) return nullptr;
    address = found->second.start;
    return found->second.name.data();
  }

  void look_up(uint64_t address, Name& out) {
    const FrameAddress where{VirtAddr{address}, AddrKind::InstructionPointer};
    const ResolvedAddress resolved = recording_.resolve(state_, UINT64_MAX, CpuMode::Kernel, where);
    if (!resolved.symbol.found()) return;
    out.name = recording_.strings()[resolved.symbol.name];
    out.start = address - (resolved.dso_address - resolved.symbol.start);
  }

  Recording& recording_;
  ThreadState state_;
  std::unordered_map<uint64_t, Name> names_;
};

}  // namespace

TracePoints::TracePoints(const Recording& recording)
    : TracePoints(recording.reader().features().tracing_data, recording.events().all()) {}

TracePoints::TracePoints(std::span<const std::byte> bytes, std::span<const EventAttr> events) {
  by_event_.resize(events.size());
  const auto is_tracepoint = [](const EventAttr& event) {
    return event.attr.type == PERF_TYPE_TRACEPOINT;
  };
  if (std::ranges::none_of(events, is_tracepoint)) return;
  if (!bytes.empty()) {
    auto data = decode_tracing_data(bytes);
    if (data) {
      data_ = std::move(*data);
    } else {
      warnings_.push_back("cannot show the fields of tracepoints: " + data.error().message);
    }
  }
  for (const TracingData::Event& event : data_.events) {
    auto format = parse_event_format(event.format);
    if (format) by_id_.try_emplace(format->id, Point{std::move(*format), event});
  }
  for (size_t i = 0; i < events.size(); ++i) {
    if (!is_tracepoint(events[i])) continue;
    const auto found = by_id_.find(events[i].attr.config);
    if (found != by_id_.end()) {
      by_event_[i] = &found->second;
    } else if (warnings_.empty()) {
      warnings_.push_back(fmt::format("the recording does not say what fields tracepoint '{}' has",
                                      events[i].name));
    }
  }
}

const TracePoints::Point* TracePoints::of(size_t event) const {
  return event < by_event_.size() ? by_event_[event] : nullptr;
}

std::vector<const TracePoints::Point*> TracePoints::all() const {
  std::vector<const Point*> out;
  for (const Point* point : by_event_) {
    if (point && std::ranges::find(out, point) == out.end()) out.push_back(point);
  }
  return out;
}

struct TraceText::Library {
  explicit Library(Recording* recording) : handle(tep_alloc()) {
    trace_seq_init(&text);
    if (!handle) return;
    tep_set_loglevel(TEP_LOG_NONE);
    if (!recording) return;
    names.emplace(*recording);
    tep_set_function_resolver(handle, FunctionNames::resolve, &*names);
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  ~Library() {
    trace_seq_destroy(&text);
    if (handle) tep_free(handle);
  }

  std::optional<FunctionNames> names;
  tep_handle* handle;
  trace_seq text{};
  PaddedRaw raw;
};

/// Without the library's plugins, as perf in Debian: their texts would be others.
TraceText::TraceText(Recording* recording, const TracePoints& points)
    : points_(points), library_(std::make_unique<Library>(recording)) {
  tep_handle* handle = library_->handle;
  if (!handle) return;
  const bool big = (std::endian::native == std::endian::big) != points.swapped();
  tep_set_file_bigendian(handle, big ? TEP_BIG_ENDIAN : TEP_LITTLE_ENDIAN);
  tep_set_long_size(handle, points.data().long_size);
  tep_set_page_size(handle, static_cast<int>(points.data().page_size));
  for (const auto& [address, text] : decode_printk_formats(points.data().printk_formats)) {
    tep_register_print_string(handle, std::string(text).c_str(), address);
  }
  for (const TracePoints::Point* point : points.all()) {
    // The function tracer's own events have formats in the sample.
    if (point->source.system == "ftrace") continue;
    const PrintFormatCheck check = check_print_format(point->format);
    const EventField* type = point->format.field("common_type");
    if (!type || type->offset != 0 || type->size != 2) continue;
    type_ = type;
    Event& event = events_.try_emplace(point->format.id, Event{point, {}, false}).first->second;
    if (!check.safe) continue;
    event.lengths = check.lengths;
    const std::string text = with_escapes(*point);
    const std::string system(point->source.system);
    tep_parse_event(handle, text.c_str(), text.size(), system.c_str());
    event.parsed = tep_find_event(handle, static_cast<int>(point->format.id)) != nullptr;
  }
}

TraceText::~TraceText() = default;

bool TraceText::is_printable(const Event& event, std::span<const std::byte> raw) const {
  return event.parsed && std::ranges::all_of(event.lengths, [&](const EventField* length) {
           const auto value = read_number(*length, raw, points_.swapped());
           return value && value->bits <= kMaxRawSize / 8;
         });
}

/// By the type that the sample's data begin with, as perf.
void TraceText::append(uint32_t cpu, std::span<const std::byte> raw, std::string& out) {
  const auto number =
      type_ ? read_number(*type_, raw, points_.swapped()) : std::optional<FieldNumber>{};
  const auto found = number ? events_.find(number->bits) : events_.end();
  if (found == events_.end()) {
    out += kUnknown;
    return;
  }
  std::byte* data = is_printable(found->second, raw) ? library_->raw.put(raw) : nullptr;
  if (!data) {
    out += "[FAILED TO PARSE]";  // as perf has it
    return append_fields(found->second.point->format, raw, points_.swapped(), out);
  }
  tep_record record{};
  record.cpu = static_cast<int>(cpu);
  record.size = static_cast<int>(raw.size());
  record.data = data;
  trace_seq& text = library_->text;
  trace_seq_reset(&text);
  tep_print_event(library_->handle, &text, &record, "%s", TEP_PRINT_INFO);
  trace_seq_terminate(&text);
  out.append(text.buffer, std::min<size_t>(text.len, std::strlen(text.buffer)));
}

}  // namespace prof
