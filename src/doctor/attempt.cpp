#include "doctor/attempt.h"

#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>

#include "perfdata/format.h"
#include "perfdata/record_walk.h"
#include "record/bpf_source.h"
#include "record/event_spec.h"
#include "record/sampling.h"

namespace prof {

namespace {

constexpr int kMostRounds = 20;  // of a millisecond
constexpr size_t kTouchedBytes = 64 << 10;

uint64_t own_cpu_time() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

/// A millisecond on the CPU, some page faults, and a moment away from the CPU.
void work_a_little() {
  const uint64_t until = own_cpu_time() + 1'000'000;
  while (own_cpu_time() < until) {
    void* memory =
        ::mmap(nullptr, kTouchedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) continue;
    std::fill_n(static_cast<volatile char*>(memory), kTouchedBytes, '\1');
    ::munmap(memory, kTouchedBytes);
  }
  ::usleep(200);
}

struct Opening {
  Sampling sampling;
  std::vector<EventSpec> specs;
};

Result<Opening> prepare(const RecordOptions& options, std::vector<std::string>& notes) {
  Opening opening;
  auto sampling = Sampling::from(options, notes);
  if (!sampling) return tl::unexpected(sampling.error());
  opening.sampling = *sampling;
  for (const std::string& text : options.events) {
    auto specs = parse_events(text);
    if (!specs) return tl::unexpected(specs.error());
    opening.specs.insert(opening.specs.end(), specs->begin(), specs->end());
  }
  return opening;
}

}  // namespace

OwnThread::OwnThread() {
  cpu_set_t before;
  CPU_ZERO(&before);
  ::sched_getaffinity(0, sizeof before, &before);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &before)) allowed_.push_back(cpu);
  }
  const int here = std::max(::sched_getcpu(), 0);
  cpu_set_t now;
  CPU_ZERO(&now);
  CPU_SET(here, &now);
  ::sched_setaffinity(0, sizeof now, &now);
  target_.kind = TargetKind::Threads;
  target_.cpus = {std::max(::sched_getcpu(), 0)};
  target_.all_cpus = false;
  target_.threads = {::gettid()};
}

OwnThread::~OwnThread() {
  cpu_set_t before;
  CPU_ZERO(&before);
  for (const int cpu : allowed_) CPU_SET(cpu, &before);
  if (!allowed_.empty()) ::sched_setaffinity(0, sizeof before, &before);
}

RecordOptions small_recording(const char* event) {
  RecordOptions options;
  options.events = {event};
  options.mmap_pages = "64k";
  options.inherit = false;
  return options;
}

Attempt open_attempt(const RecordOptions& options, Target target) {
  Attempt attempt;
  auto opening = prepare(options, attempt.notes);
  if (!opening) {
    attempt.error = opening.error();
    return attempt;
  }
  auto source = PerfSource::open(options, std::move(opening->specs), opening->sampling, target,
                                 attempt.notes);
  if (source) {
    attempt.source = std::move(*source);
  } else {
    attempt.error = source.error();
  }
  return attempt;
}

Result<Sampled> sample_work(PerfSource& source) {
  if (auto done = source.start(); !done) return tl::unexpected(done.error());
  Sampled sampled;
  std::vector<std::byte> records;
  for (int round = 0; round < kMostRounds && sampled.samples == 0; ++round) {
    work_a_little();
    records.clear();
    source.drain(records);
    for_each_record(records, [&](const perf_event_header& header, std::span<const std::byte>) {
      if (header.type != kRecordSample) return;
      ++sampled.samples;
      sampled.largest = std::max<size_t>(sampled.largest, header.size);
    });
  }
  source.stop();
  return sampled;
}

Result<uint64_t> count_work(const RecordOptions& options, Target target) {
  std::vector<std::string> notes;
  auto opening = prepare(options, notes);
  if (!opening) return tl::unexpected(opening.error());
  BpfSource bpf(options);
  std::optional<Error> refused;
  auto source = PerfSource::open(options, std::move(opening->specs), opening->sampling, target,
                                 notes, [&](const PerfSource& perf) {
                                   auto programs = bpf.load(perf, target);
                                   if (!programs) refused = programs.error();
                                   return programs;
                                 });
  if (!source) return tl::unexpected(refused ? *refused : source.error());
  if (auto done = bpf.use(**source, target); !done) return tl::unexpected(done.error());
  if (auto done = bpf.start(); !done) return tl::unexpected(done.error());
  for (int round = 0; round < 5; ++round) work_a_little();
  bpf.stop();
  std::vector<std::byte> records;
  bpf.drain(records);
  return options.off_cpu ? bpf.times_away() : bpf.samples();
}

}  // namespace prof
