#include "report/script.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>

#include "report/callchain.h"
#include "report/filter.h"
#include "report/header_text.h"
#include "report/raw_stacks.h"
#include "report/recording.h"
#include "report/script_fields.h"
#include "report/script_frames.h"
#include "report/script_sideband.h"
#include "report/script_text.h"
#include "report/stack_walker.h"

namespace prof {

namespace {

constexpr size_t kCommWidth = 16;

/// Stands for the address spaces that prof does not map: hypervisors, guests.
constexpr uint32_t kNoSpace = 0;

/// Whether a chain is printed at all. As perf does, one with a marker that nobody knows is not: it
/// comes from a frame pointer that led astray.
bool is_sound(const U64View& chain) {
  bool address = false;
  for (size_t i = 0; i < chain.size(); ++i) {
    switch (chain[i]) {
      case kContextHypervisor:
      case kContextKernel:
      case kContextUser:
      case kContextGuest:
      case kContextGuestKernel:
      case kContextGuestUser:
        break;
      case kContextUnwound:
        break;
      default:
        if (is_stop_marker(chain[i])) break;
        if (chain[i] >= kContextMax) return false;
        address = true;
    }
  }
  return address;
}

/// What holds for a thread in a span of time: looked up once, not for each sample.
struct ThreadSpan {
  uint32_t pid = 0, tid = 0;
  uint64_t from = 0, until = 0;  // empty: never looked up
  ThreadState state;
  uint32_t space = 0;
  std::string_view comm;
  bool hidden = false;
};

/// How the samples of one event are printed.
struct EventStyle {
  ScriptFieldSet fields = 0;
  bool chains = false;      // frames on lines of their own
  std::string padded_name;  // to the longest name of the recording
  ScriptFrames* frames = nullptr;

  bool has(ScriptFieldSet field) const { return (fields & field) != 0; }
};

class Script {
 public:
  Script(const ScriptOptions& options, Recording& recording, SampleFilter filter, Output& out)
      : options_(options),
        recording_(recording),
        decoder_(recording.events(), recording.reader().swapped()),
        filter_(std::move(filter)),
        out_(out),
        walker_(recording),
        inlines_(recording),
        threads_(kThreadSpans) {}

  Result<void> choose_styles();
  /// Looks up the inlined calls and lines of all addresses that will be printed: a debug file is
  /// gone through once, not for each address.
  void look_up_calls();
  void print_all();

 private:
  static constexpr size_t kThreadSpans = 4096;  // direct-mapped by tid

  void print_sample(const RecordView& view);
  void print_frames(const SampleRecord& sample, const EventStyle& style, const ThreadSpan& thread);
  void print_sideband(const RecordView& view);
  void print_start(const EventStyle& style, std::string_view comm, const SampleId& id);
  const ThreadSpan& thread_of(const SampleRecord& sample);
  uint32_t space_of(ProcessId process, uint32_t version);
  uint32_t kernel_space(uint64_t time);
  ScriptFrames* frames_of(const FrameStyle& style);

  const ScriptOptions& options_;
  Recording& recording_;
  const Decoder decoder_;
  SampleFilter filter_;
  Output& out_;
  StackWalker walker_;
  InlineTable inlines_;
  std::vector<EventStyle> styles_;  // by event
  std::vector<std::unique_ptr<ScriptFrames>> frames_;
  std::vector<ThreadSpan> threads_;
  ThreadSpan kernel_;
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> spaces_;  // process and version
  ThreadNames names_;
  SampleRecord sample_;
};

Result<void> Script::choose_styles() {
  const auto events = recording_.events().all();
  auto choice = parse_script_fields(options_.fields);
  if (!choice) return tl::unexpected(choice.error());
  auto fields = script_fields_of(*choice, events);
  if (!fields) return tl::unexpected(fields.error());
  walker_.set_only_recorded(true);
  size_t width = 0;
  for (const EventAttr& event : events) width = std::max(width, event.name.size());
  for (size_t i = 0; i < events.size(); ++i) {
    EventStyle style;
    style.fields = (*fields)[i];
    style.chains =
        style.has(kFieldIp) && !options_.hide_call_graph && events[i].has(PERF_SAMPLE_CALLCHAIN);
    style.padded_name = std::string(width - events[i].name.size(), ' ') + events[i].name;
    style.frames = frames_of(
        {style.fields & (kFieldIp | kFieldSym | kFieldSymoff | kFieldDso | kFieldSrcline),
         style.chains, options_.absolute_addresses, walker_.shows_inlined(options_.input.inlined)});
    styles_.push_back(std::move(style));
  }
  return {};
}

ScriptFrames* Script::frames_of(const FrameStyle& style) {
  for (const auto& frames : frames_) {
    if (frames->style() == style) return frames.get();
  }
  frames_.push_back(std::make_unique<ScriptFrames>(recording_, inlines_, style));
  return frames_.back().get();
}

void Script::look_up_calls() {
  ScriptFieldSet fields = 0;
  for (const EventStyle& style : styles_) {
    if (style.chains && walker_.shows_inlined(options_.input.inlined)) {
      fields |= style.fields & kFieldSym;
    }
    fields |= style.fields & kFieldSrcline;
  }
  if (fields == 0 || !recording_.symbolizer().may_have_dwarf()) return;
  RawStacks stacks(recording_.in_place() && !walker_.needed());
  std::array<uint64_t, RawStacks::kQueue + 1> leaves{};  // while their samples wait in there
  size_t at = 0;
  std::vector<std::pair<ThreadState, uint64_t>> states;  // by space
  recording_.for_each_sample([&](const SampleRecord& sample) {
    if (filter_.drops(sample)) return;
    const ThreadSpan& thread = thread_of(sample);
    if (thread.hidden) return;
    if (thread.space >= states.size()) states.resize(thread.space + 1);
    states[thread.space] = {thread.state, sample.time};
    U64View chain;
    if (styles_[sample.event].chains) chain = walker_.chain(sample, thread.state);
    if (!has_address(chain)) {
      at = (at + 1) % leaves.size();
      leaves[at] = sample.ip;
      chain = {std::as_bytes(std::span(&leaves[at], 1)), false};
    }
    stacks.add({thread.space, thread.space}, sample.cpu_mode(), chain, 0);
  });
  stacks.finish();
  for (const AddressTable::Entry& entry : stacks.addresses().all()) {
    if (entry.mode != CpuMode::User) continue;
    const auto& [state, time] = states[entry.context];
    inlines_.add(recording_.resolve(state, time, entry.mode, entry.address));
  }
  inlines_.look_up();
}

void Script::print_all() {
  recording_.for_each_in_order([this](const RecordView& view, uint64_t) {
    if (out_.broken()) return;
    switch (view.header.type) {
      case kRecordSample:
        print_sample(view);
        break;
      case kRecordMmap:
      case kRecordMmap2:
        if (options_.show_mmap_events) print_sideband(view);
        break;
      case kRecordComm:
      case kRecordFork:
      case kRecordExit:
        if (options_.show_mmap_events || options_.show_task_events) print_sideband(view);
        break;
      default:
        break;
    }
  });
}

uint32_t Script::space_of(ProcessId process, uint32_t version) {
  const auto next = static_cast<uint32_t>(spaces_.size()) + 1;
  const auto [it, added] = spaces_.try_emplace({process.value, version}, next);
  return it->second;
}

const ThreadSpan& Script::thread_of(const SampleRecord& sample) {
  ThreadSpan& span = threads_[sample.tid % kThreadSpans];
  if (span.pid == sample.pid && span.tid == sample.tid && sample.time >= span.from &&
      sample.time < span.until) {
    return span;
  }
  span.pid = sample.pid;
  span.tid = sample.tid;
  span.state = recording_.processes().state_at(sample.pid, sample.tid, sample.time);
  span.from = span.state.valid_from;
  span.until = span.state.valid_until;
  span.space = space_of(span.state.process, span.state.version);
  const StringId comm = recording_.comm_of(span.state, sample.pid, sample.tid);
  span.comm = recording_.strings()[comm];
  span.hidden = filter_.hides(comm, sample.pid, sample.tid);
  return span;
}

/// The kernel's mappings change as well: modules, BPF programs.
uint32_t Script::kernel_space(uint64_t time) {
  if (time >= kernel_.from && time < kernel_.until) return kernel_.space;
  kernel_.state = recording_.processes().state_at(kKernelPid, kKernelPid, time);
  kernel_.from = kernel_.state.valid_from;
  kernel_.until = kernel_.state.valid_until;
  kernel_.space = space_of(kernel_.state.process, kernel_.state.version);
  return kernel_.space;
}

/// The columns before the event: "comm pid/tid [cpu] time: ".
void Script::print_start(const EventStyle& style, std::string_view comm, const SampleId& id) {
  if (style.has(kFieldComm)) {
    write_padded(out_, comm, style.chains ? 0 : kCommWidth);
    out_.write(" ");
  }
  if (style.has(kFieldPid)) {
    write_decimal(out_, static_cast<int32_t>(id.pid), 5);
    out_.write(style.has(kFieldTid) ? "/" : " ");
  }
  if (style.has(kFieldTid)) {
    const auto tid = static_cast<int32_t>(id.tid);
    if (style.has(kFieldPid)) {
      write_decimal_left(out_, tid, 5);
    } else {
      write_decimal(out_, tid, 5);
    }
    out_.write(" ");
  }
  if (style.has(kFieldCpu)) {
    out_.write("[");
    write_decimal(out_, id.cpu, 3, '0');
    out_.write("] ");
  }
  if (style.has(kFieldTime)) {
    write_time(out_, id.time, options_.nanoseconds);
    out_.write(": ");
  }
}

void Script::print_sample(const RecordView& view) {
  if (!decoder_.sample(view, sample_) || filter_.drops(sample_)) return;
  const EventStyle& style = styles_[sample_.event];
  if (style.fields == 0) return;
  const ThreadSpan& thread = thread_of(sample_);
  if (thread.hidden) return;
  SampleId id;
  id.pid = sample_.pid;
  id.tid = sample_.tid;
  id.time = sample_.time;
  id.cpu = sample_.cpu;
  print_start(style, thread.comm, id);
  if (style.has(kFieldPeriod)) {
    write_decimal(out_, sample_.period, 10);
    out_.write(" ");
  }
  if (style.has(kFieldEvent)) {
    out_.write(style.padded_name);
    out_.write(": ");
  }
  if (style.has(kFieldIp)) print_frames(sample_, style, thread);
  out_.write("\n");
}

void Script::print_frames(const SampleRecord& sample, const EventStyle& style,
                          const ThreadSpan& thread) {
  const auto print = [&](CpuMode mode, FrameAddress address) {
    const uint32_t space = mode == CpuMode::User     ? thread.space
                           : mode == CpuMode::Kernel ? kernel_space(sample.time)
                                                     : kNoSpace;
    out_.write(style.frames->text(space, thread.state, sample.time, mode, address));
  };
  if (!style.chains) {
    out_.write(" ");
    print(sample.cpu_mode(), FrameAddress{VirtAddr{sample.ip}});
    return;
  }
  out_.write("\n");
  const U64View chain = walker_.chain(sample, thread.state);
  if (is_sound(chain)) for_each_address(chain, sample.cpu_mode(), print);
}

void Script::print_sideband(const RecordView& view) {
  auto record = decoder_.decode(view);
  if (!record) return;
  // perf prints a thread's last words before it buries it, and everything else after it took place.
  names_.apply(*record);
  const bool mapping = std::holds_alternative<MmapRecord>(*record);
  if (mapping ? !options_.show_mmap_events : !options_.show_task_events) return;
  const size_t event = decoder_.event_of(view);
  if (event >= styles_.size()) return;
  const SidebandOwner owner = sideband_owner(*record);
  SampleId id = owner.sample_id;
  if (!recording_.events()[event].attr.sample_id_all) {
    id.pid = owner.pid;
    id.tid = owner.tid;
    id.time = owner.time;
  }
  if (!filter_.takes_cpu(id.cpu)) return;
  print_start(styles_[event], names_.name(owner.tid), id);
  write_sideband(out_, *record);
}

}  // namespace

Result<std::vector<std::string>> run_script(const ScriptOptions& options, Output& out) {
  auto opened = Recording::open(options.input);
  if (!opened) return tl::unexpected(std::move(opened.error()));
  Recording& recording = **opened;
  if (options.header || options.header_only) out << header_text(recording.reader());
  if (options.header_only) return recording.warnings();
  auto filter = SampleFilter::make(options.input.filter, recording);
  if (!filter) return tl::unexpected(std::move(filter.error()));
  Script script(options, recording, std::move(*filter), out);
  if (auto done = script.choose_styles(); !done) return tl::unexpected(std::move(done.error()));
  script.look_up_calls();
  script.print_all();
  return recording.warnings();
}

}  // namespace prof
