#include "report/thread_counts.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <variant>
#include <vector>

namespace prof {

namespace {

struct ThreadRow {
  uint32_t pid = 0, tid = 0;
  std::map<size_t, uint64_t> counts;  // by event
};

struct Counts {
  std::vector<size_t> events;  // as they were met
  std::vector<ThreadRow> threads;
  std::map<std::pair<uint32_t, uint32_t>, size_t> known;

  void add(const ReadRecord& read, size_t event, uint64_t value) {
    if (std::ranges::find(events, event) == events.end()) events.push_back(event);
    const auto [it, added] = known.try_emplace({read.pid, read.tid}, threads.size());
    if (added) threads.push_back({read.pid, read.tid, {}});
    threads[it->second].counts[event] += value;
  }
};

/// The value comes first, then the times and the id that read_format asks for (perf_event_open(2)).
void add_read(const Recording& recording, const ReadRecord& read, size_t owner, Counts& counts) {
  const uint64_t format = recording.events()[owner].attr.read_format;
  ByteReader in(read.values, recording.reader().swapped());
  const uint64_t value = in.u64();
  if (format & PERF_FORMAT_TOTAL_TIME_ENABLED) in.u64();
  if (format & PERF_FORMAT_TOTAL_TIME_RUNNING) in.u64();
  const uint64_t id = format & PERF_FORMAT_ID ? in.u64() : 0;
  if (!in.ok()) return;
  const size_t event = format & PERF_FORMAT_ID ? recording.events().index_of(id) : owner;
  if (event < recording.events().size()) counts.add(read, event, value);
}

}  // namespace

std::string thread_counts_text(Recording& recording) {
  Counts counts;
  const Decoder decoder(recording.events(), recording.reader().swapped());
  RecordCursor cursor(recording.reader());
  for (RecordView view; cursor.next(view);) {
    if (view.header.type != kRecordRead || recording.events().empty()) continue;
    const auto record = decoder.decode(view);
    if (!record) continue;
    if (const auto* read = std::get_if<ReadRecord>(&*record)) {
      add_read(recording, *read, std::min(decoder.event_of(view), recording.events().size() - 1),
               counts);
    }
  }
  if (counts.threads.empty()) return {};
  size_t pid_width = 3, tid_width = 3;
  std::vector<size_t> widths;
  for (const size_t event : counts.events) widths.push_back(recording.events()[event].name.size());
  for (ThreadRow& thread : counts.threads) {
    pid_width = std::max(pid_width, fmt::formatted_size("{}", thread.pid));
    tid_width = std::max(tid_width, fmt::formatted_size("{}", thread.tid));
    for (size_t i = 0; i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], fmt::formatted_size("{}", thread.counts[counts.events[i]]));
    }
  }
  std::string out = fmt::format("# {:>{}}  {:>{}}", "PID", pid_width, "TID", tid_width);
  for (size_t i = 0; i < widths.size(); ++i) {
    out += fmt::format("  {:>{}}", recording.events()[counts.events[i]].name, widths[i]);
  }
  for (ThreadRow& thread : counts.threads) {
    out += fmt::format("\n  {:>{}}  {:>{}}", thread.pid, pid_width, thread.tid, tid_width);
    for (size_t i = 0; i < widths.size(); ++i) {
      out += fmt::format("  {:>{}}", thread.counts[counts.events[i]], widths[i]);
    }
  }
  return out + "\n";
}

}  // namespace prof
