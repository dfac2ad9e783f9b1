#include "record/description.h"

#include <cstring>

#include "common/byte_reader.h"
#include "perfdata/decode.h"
#include "perfdata/encode.h"
#include "perfdata/record_walk.h"

namespace prof {

namespace {

/// COMM begins with pid and tid; FORK with pid, ppid and tid.
uint32_t thread_of(const perf_event_header& header, std::span<const std::byte> payload) {
  ByteReader reader(payload);
  reader.skip(header.type == kRecordFork ? 8 : 4);
  return reader.u32();
}

/// Adds the threads that are given names in `records`.
void add_named(std::span<const std::byte> records, std::unordered_set<uint32_t>& threads) {
  for_each_record(records,
                  [&](const perf_event_header& header, std::span<const std::byte> payload) {
                    if (header.type == kRecordComm) threads.insert(thread_of(header, payload));
                  });
}

}  // namespace

Synthesizer Description::synthesizer(const Synthesizer::Emit& emit) const {
  const bool data =
      (options_.call_graph == CallGraph::Dwarf && !options_.live) || options_.contents.address;
  Synthesizer made(sample_id_size(source_.events().front().attr), data, emit);
  if (options_.namespaces) made.want_namespaces();
  return made;
}

void Description::write(SidebandWatch* watch, const Synthesizer::Emit& give) {
  described_.clear();
  const auto emit = [&](std::span<const std::byte> records) {
    if (options_.overwrite) add_named(records, described_);
    give(records);
  };
  RecordEncoder index(0);
  index.id_index(source_.id_index());
  if (index.size() != 0) emit(index.view());
  Synthesizer all = synthesizer(emit);
  if (!source_.user_only()) all.kernel();
  if (options_.bpf_events) all.bpf_programs();
  if (options_.contents.cgroup) all.cgroups();
  all.maps_of(target_, target_.cpus);
  if (target_.kind == TargetKind::Cpus) {
    all.processes(target_);
  } else if (options_.overwrite) {
    if (!remembered_.empty()) emit(remembered_);
    all.processes(with_descendants(recorded_processes(target_)));
  } else if (watch) {
    all.processes(watch->processes());
  } else {
    all.processes(target_);
  }
  all.finish();
}

void Description::drop_stale(std::vector<std::byte>& records) const {
  std::unordered_set<uint32_t> named;
  add_named(records, named);
  size_t to = 0;
  for_each_record(records,
                  [&](const perf_event_header& header, std::span<const std::byte> payload) {
                    if (header.type == kRecordLost) return;
                    if (header.type == kRecordFork) {
                      const uint32_t thread = thread_of(header, payload);
                      if (described_.contains(thread) && !named.contains(thread)) return;
                    }
                    std::memmove(records.data() + to, payload.data() - sizeof header, header.size);
                    to += header.size;
                  });
  records.resize(to);
}

void Description::remember() {
  std::vector<std::byte> seen;
  Synthesizer processes = synthesizer([&seen](std::span<const std::byte> records) {
    seen.insert(seen.end(), records.begin(), records.end());
  });
  processes.processes(with_descendants(recorded_processes(target_)));
  processes.finish();
  if (!seen.empty()) remembered_ = std::move(seen);
}

}  // namespace prof
