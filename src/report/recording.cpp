#include "report/recording.h"

#include <elf.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include <algorithm>

#include "object/machine.h"
#include "perfdata/record_order.h"
#include "perfdata/segment_merge.h"
#include "report/callchain.h"
#include "report/embedded.h"
#include "report/packed_input.h"
#include "report/time_range.h"

namespace prof {

namespace {

constexpr std::string_view kKernelPrefix = "[kernel.kallsyms]";

// PERF_AUX_FLAG_TRUNCATED, _PARTIAL and _COLLISION.
constexpr uint64_t kAuxLost = 1 | 4 | 8;

}  // namespace

Result<std::unique_ptr<Recording>> Recording::open(const InputOptions& options) {
  auto input = open_packed_input(options.path);
  if (!input) return tl::unexpected(input.error());
  auto reader = open_reader(std::move(*input));
  if (!reader) return tl::unexpected(reader.error());
  return from_reader(std::move(*reader), options);
}

Result<std::unique_ptr<Recording>> Recording::from_reader(std::unique_ptr<Reader> reader,
                                                          const InputOptions& options) {
  std::unique_ptr<Recording> recording(new Recording);
  recording->reader_ = std::move(reader);
  recording->reader_->set_progress(options.progress);
  if (auto done = recording->pass_one(options); !done) return tl::unexpected(done.error());
  return recording;
}

bool Recording::is_header_record(uint32_t type) {
  return type == kRecordHeaderAttr || type == kRecordHeaderTracingData ||
         type == kRecordHeaderBuildId || type == kRecordEventUpdate ||
         type == kRecordHeaderFeature || type == kRecordEventId || type == kRecordTracingData;
}

Recording::Recording() = default;
Recording::~Recording() = default;

/// Names that came with the recording are those of the machine it was made on.
void Recording::read_embedded() {
  const auto& payload = reader_->features().embedded;
  if (payload.empty() || symbol_options_.ignore_embedded) return;
  auto embedded = Embedded::read(payload);
  if (!embedded) {
    warnings_.push_back(reader_->path() +
                        ": the embedded names are not used: " + embedded.error().message);
    return;
  }
  embedded_ = std::move(*embedded);
  symbolizer_->set_recorded_names(&embedded_->names());
}

Result<void> Recording::pass_one(const InputOptions& options) {
  symbol_options_ = options.symbols;
  const std::string& path = reader_->has_parts() ? reader_->path() : options.path;
  if (struct stat status{}; ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode)) {
    symbol_options_.recorded_until = status.st_mtim.tv_sec;
  }
  symbolizer_ = std::make_unique<Symbolizer>(dsos_, *strings_, symbol_options_);
  RecordCursor cursor(*reader_);
  // In a pipe the events come as records: the decoder is made once they are known.
  std::optional<Decoder> decoder;
  RecordView view;
  const bool want_times = needs_sample_times(options.filter);
  while (cursor.next(view)) {
    const uint32_t type = view.header.type;
    ++stats_.records[RecordingStats::slot_of(type)];
    ++stats_.total_records;
    if (type == kRecordSample && !want_times) continue;
    if (is_header_record(type)) {
      reader_->apply_header_record(view);
      decoder.reset();
      continue;
    }
    if (type == kRecordKernelSymbol || type == kRecordDso || type == kRecordSymbol) {
      if (!symbol_options_.ignore_embedded) {
        recorded_files_.note_record(view, reader_->swapped(), *symbolizer_);
      }
      continue;
    }
    if (type == kRecordTimeConv) jit_dumps_.note_time_conversion(view, reader_->swapped());
    if (!decoder) decoder.emplace(events(), reader_->swapped());
    if (type == kRecordSample) {
      const uint64_t time = decoder->time_of(view).value_or(0);
      stats_.first_time = std::min(stats_.first_time, time);
      stats_.last_time = std::max(stats_.last_time, time);
      continue;
    }
    note(view, *decoder);
  }
  warnings_ = cursor.warnings();
  in_place_ = cursor.compressed_records() == 0;
  if (auto done = reader_->finish_events(); !done) return done;
  apply_build_ids();
  compare_machines();
  symbolizer_->set_kernel(kernel_);
  if (!symbol_options_.ignore_embedded &&
      !recorded_files_.finish(reader_->features(), reader_->swapped(), dsos_, *symbolizer_)) {
    warnings_.push_back(reader_->path() + ": the recorded symbols are damaged: some are missing");
  }
  read_embedded();
  add_generated_code();
  processes_.finish();
  return {};
}

/// What the recording brings along, or else what its jitdumps say.
void Recording::add_generated_code() {
  if (embedded_ && !embedded_->codes().empty()) {
    for (const EmbeddedCode& code : embedded_->codes()) {
      const DsoId dso = dsos_.intern(code.dso, DsoKind::JitDump, {}, code.pid);
      processes_.add_code(
          code.pid, code.time,
          {VirtAddr{code.start}, VirtAddr{code.end}, FileOffset{code.position}, dso});
    }
    return;
  }
  if (!kernel_.foreign.empty() && !symbol_options_.any_owner) return;
  for (std::string& warning :
       jit_dumps_.load(events(), symbol_options_, *symbolizer_, processes_)) {
    warnings_.push_back(std::move(warning));
  }
}

void Recording::note(const RecordView& view, const Decoder& decoder) {
  auto decoded = decoder.decode(view);
  if (!decoded) {
    if (stats_.unreadable++ == 0) {
      warnings_.push_back(reader_->path() + ": " + decoded.error().message);
    }
    return;
  }
  if (const auto* mmap = std::get_if<MmapRecord>(&*decoded)) {
    note_mapping(*mmap);
  } else if (const auto* comm = std::get_if<CommRecord>(&*decoded)) {
    processes_.add_comm(comm->pid, comm->tid, comm->sample_id.time, strings_->intern(comm->comm),
                        comm->exec);
  } else if (const auto* task = std::get_if<TaskRecord>(&*decoded)) {
    if (task->fork) {
      processes_.add_fork(task->pid, task->parent_pid, task->tid, task->parent_tid,
                          task->sample_id.time, (task->misc & kMiscForkExec) == 0);
    }
  } else if (const auto* ksymbol = std::get_if<KsymbolRecord>(&*decoded)) {
    note_ksymbol(*ksymbol);
  } else if (const auto* lost = std::get_if<LostRecord>(&*decoded)) {
    stats_.lost_events += lost->lost;
    ++stats_.lost_records;
  } else if (const auto* samples = std::get_if<LostSamplesRecord>(&*decoded)) {
    if (!samples->by_filter) stats_.lost_samples += samples->lost;
  } else if (const auto* throttle = std::get_if<ThrottleRecord>(&*decoded)) {
    stats_.throttled += throttle->throttled;
  } else if (const auto* aux = std::get_if<AuxRecord>(&*decoded)) {
    stats_.aux_lost += (aux->flags & kAuxLost) != 0;
  } else if (const auto* deferred = std::get_if<CallchainDeferredRecord>(&*decoded)) {
    deferred_chains_.add(*deferred);
  } else if (const auto* cgroup = std::get_if<CgroupRecord>(&*decoded)) {
    cgroups_.try_emplace(cgroup->id, cgroup->path);
  } else if (const auto* namespaces = std::get_if<NamespacesRecord>(&*decoded)) {
    note_namespaces(*namespaces);
  } else if (const auto* unknown = std::get_if<UnknownRecord>(&*decoded)) {
    stats_.unknown += record_type_name(unknown->type) == nullptr;
  }
}

void Recording::note_namespaces(const NamespacesRecord& record) {
  constexpr size_t kCgroup = 6;  // CGROUP_NS_INDEX
  const U64View& pairs = record.dev_inode_pairs;
  if (pairs.size() < 2 * (kCgroup + 1)) return;
  cgroup_namespaces_[record.tid].push_back(
      {record.sample_id.time, pairs[2 * kCgroup], pairs[2 * kCgroup + 1]});
}

void Recording::apply_build_ids() {
  if (const auto& release = reader_->features().os_release) kernel_.release = *release;
  for (const BuildIdEntry& entry : reader_->features().build_ids) {
    const auto mode = static_cast<CpuMode>(entry.misc & kMiscCpumodeMask);
    if (mode == CpuMode::Kernel && entry.filename.starts_with(kKernelPrefix)) {
      kernel_.build_id = entry.build_id;
    }
    dsos_.set_build_id(entry.filename, entry.build_id);
  }
  if (!kernel_.build_id.empty()) dsos_.set_build_id(kKernelPrefix, kernel_.build_id);
}

/// Whether the recording can be of this machine. Old recordings do not say whose they are.
void Recording::compare_machines() {
  const Features& features = reader_->features();
  struct utsname ours {};
  if (::uname(&ours) != 0) return;
  const uint16_t here = elf_machine_of(ours.machine);
  std::string why;
  if (features.arch) {
    kernel_.machine = elf_machine_of(*features.arch);
    const bool fits = kernel_.machine == here || runs_programs_of(here, kernel_.machine);
    if (kernel_.machine == EM_NONE ? *features.arch != ours.machine : !fits) {
      why = *features.arch;
    }
  }
  // A host may have got another name, or another kernel; with both, it is another one.
  if (why.empty() && features.hostname && features.os_release &&
      *features.hostname != ours.nodename && *features.os_release != ours.release) {
    why = fmt::format("host '{}', Linux {}", *features.hostname, *features.os_release);
  }
  if (why.empty()) return;
  kernel_.foreign = fmt::format(
      "{} was recorded on another machine ({}): this one's kernel, vdso and perf maps name nothing "
      "of it",
      reader_->path(), why);
}

void Recording::warn_once(std::string warning) {
  if (std::ranges::find(warnings_, warning) == warnings_.end()) {
    warnings_.push_back(std::move(warning));
  }
}

std::vector<std::string> Recording::warnings() const {
  std::vector<std::string> all = reader_->warnings();
  all.insert(all.end(), warnings_.begin(), warnings_.end());
  if (stats_.unreadable > 1) {
    all.push_back(fmt::format("{}: {} records could not be read and were skipped", reader_->path(),
                              stats_.unreadable));
  }
  if (stats_.unknown > 0) {
    all.push_back(fmt::format("{}: {} records of unknown types were skipped", reader_->path(),
                              stats_.unknown));
  }
  if (const uint64_t lost = stats_.lost_events + stats_.lost_samples; lost > 0) {
    all.push_back(
        fmt::format("{}: {} events were lost while recording: what follows is not all (a larger "
                    "record -m helps)",
                    reader_->path(), lost));
  }
  if (stats_.aux_lost > 0) {
    all.push_back(fmt::format("{}: parts of the hardware's trace were lost {} times",
                              reader_->path(), stats_.aux_lost));
  }
  if (const uint64_t missing = deferred_chains_.missing(); missing > 0) {
    all.push_back(fmt::format("{}: {} call chains have no user part, as it never came",
                              reader_->path(), missing));
  }
  if (stats_.throttled > 0) {
    all.push_back(fmt::format("{}: the kernel paused sampling {} times (record with a lower -F)",
                              reader_->path(), stats_.throttled));
  }
  for (std::string& warning : symbolizer_->warnings()) all.push_back(std::move(warning));
  return all;
}

StringId Recording::comm_of(const ThreadState& state, uint32_t pid, uint32_t tid) {
  if (pid == 0 && tid == 0) return strings_->intern("swapper");
  if (state.comm.valid()) return state.comm;
  return strings_->intern(fmt::format(":{}", static_cast<int32_t>(tid)));
}

std::string_view Recording::cgroup_name(uint64_t id) const {
  const auto found = cgroups_.find(id);
  return found == cgroups_.end() ? std::string_view("unknown") : found->second;
}

std::string Recording::cgroup_namespace(uint32_t tid, uint64_t time) const {
  NamespaceSpan found;
  if (const auto spans = cgroup_namespaces_.find(tid); spans != cgroup_namespaces_.end()) {
    for (const NamespaceSpan& span : spans->second) {
      if (span.begin <= time && span.begin >= found.begin) found = span;
    }
  }
  return fmt::format("{}/0x{:x}", found.device, found.inode);
}

ResolvedAddress Recording::resolve(const ThreadState& state, uint64_t time, CpuMode mode,
                                   FrameAddress address) {
  ResolvedAddress result;
  if (address.addr == kTruncatedStack) {
    result.symbol.name = strings_->intern("[truncated stack]");
    return result;
  }
  if (address.addr == kJoinedStack) {
    result.symbol.name = strings_->intern("[joined stack]");
    return result;
  }
  const VirtAddr lookup = address.lookup();
  result.mapping = mapping_of(state, time, mode, lookup);
  // The recorded mapping ends with the kernel's text; its init code lies behind.
  if (mode == CpuMode::Kernel && !result.mapping && kernel_mapping_ &&
      lookup >= kernel_mapping_->start &&
      symbolizer_->resolve(kernel_mapping_->dso, raw(lookup)).found()) {
    result.mapping = &*kernel_mapping_;
  }
  if (!result.mapping) {
    result.dso_address = raw(address.addr);
    result.symbol.miss = MissReason::Unmapped;
    return result;
  }
  const uint64_t looked_up = result.mapping->to_dso(lookup);
  result.looked_up = looked_up;
  result.symbol = symbolizer_->resolve(result.mapping->dso, looked_up);
  result.dso_address = looked_up + (raw(address.addr) - raw(lookup));
  return result;
}

void Recording::for_each_in_order(
    const std::function<void(const RecordView&, uint64_t time)>& visit) {
  const Decoder decoder(events(), reader_->swapped());
  const auto time_of = [&decoder](const RecordView& view) {
    const uint64_t time = decoder.time_of(view).value_or(0);
    return time == UINT64_MAX ? 0 : time;
  };
  if (reader_->has_parts()) return SegmentMerge(*reader_, time_of, visit).run();
  RecordCursor cursor(*reader_);
  RoundSorter sorter(visit);
  RecordView view;
  const bool has_rounds = stats_.records[RecordingStats::slot_of(kRecordFinishedRound)] != 0;
  const bool sorted = !has_rounds && is_one_ordered_round(*reader_, decoder);
  while (cursor.next(view)) {
    if (view.header.type == kRecordFinishedRound) sorter.finish_round();
    const uint64_t time = time_of(view);
    if (time == 0) {
      visit(view, 0);
    } else if (sorted) {
      visit(view, time);
    } else {
      sorter.add(view, time, cursor.stable());
    }
  }
  sorter.finish();
}

}  // namespace prof
