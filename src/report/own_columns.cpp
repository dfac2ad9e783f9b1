#include "report/own_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "report/memory_columns.h"
#include "report/sample_text.h"

namespace prof {

namespace {

constexpr uint64_t kSecond = 1'000'000'000;

struct Kind {
  OwnColumn column;
  std::string_view name, title;
  size_t width;  // at least
  bool sum, number, greatest_first, padded;
};

constexpr auto kKinds = std::to_array<Kind>({
    {OwnColumn::Cgroup, "cgroup", "Cgroup", 0, false, false, false, false},
    {OwnColumn::CgroupNamespace, "cgroup_id", "cgroup id (dev/inode)", 0, false, false, true,
     false},
    {OwnColumn::Time, "time", "Time", 12, false, false, false, false},
    {OwnColumn::Event, "event", "Event", 0, false, false, false, false},
    {OwnColumn::LocalWeight, "local_weight", "Local Weight", 12, false, true, true, true},
    {OwnColumn::Weight, "weight", "Weight", 12, true, true, true, true},
    {OwnColumn::LocalLatency, "local_ins_lat", "Local INSTR Latency", 0, false, true, true, true},
    {OwnColumn::Latency, "ins_lat", "INSTR Latency", 0, true, true, true, true},
    {OwnColumn::Socket, "socket", "Socket", 0, false, true, false, false},
    {OwnColumn::Address, "addr", "Address", 18, false, false, false, true},
    {OwnColumn::CodePageSize, "code_page_size", "Code Page Size", 0, false, false, false, true},
    {OwnColumn::DataPageSize, "data_page_size", "Data Page Size", 0, false, false, false, true},
    {OwnColumn::Transaction, "transaction", "Transaction                ", 0, false, false, false,
     true},
    {OwnColumn::LocalStageCycles, "local_p_stage_cyc", "Local Pipeline Stage Cycle", 0, false, true,
     true, true},
    {OwnColumn::StageCycles, "p_stage_cyc", "Pipeline Stage Cycle", 0, true, true, true, true},
    {OwnColumn::LocalRetireLatency, "local_retire_lat", "Local Retirement Latency", 0, false, true,
     true, true},
    {OwnColumn::RetireLatency, "retire_lat", "Retirement Latency", 0, true, true, true, true},
    {OwnColumn::Memory, "mem", "Memory access", 24, false, false, false, true},
    {OwnColumn::Snoop, "snoop", "Snoop", 12, false, false, false, true},
    {OwnColumn::Tlb, "tlb", "TLB access", 22, false, false, false, true},
    {OwnColumn::Locked, "locked", "Locked", 6, false, false, false, false},
    {OwnColumn::Blocked, "blocked", "Blocked", 10, false, false, false, false},
    {OwnColumn::CacheLine, "dcacheline", "Data Cacheline", 22, false, false, false, false},
    {OwnColumn::DataSymbol, "symbol_daddr", "Data Symbol", 22, false, false, false, false},
    {OwnColumn::CodeSymbol, "symbol_iaddr", "Code Symbol", 22, false, false, false, false},
    {OwnColumn::DataDso, "dso_daddr", "Data Object", 0, false, false, true, true},
    {OwnColumn::PhysicalAddress, "phys_daddr", "Data Physical Address", 22, false, false, false,
     true},
});

const Kind& kind_of(OwnColumn column) {
  return *std::ranges::find(kKinds, column, &Kind::column);
}

OwnValue number(uint64_t value) {
  return {std::to_string(value), order_of(value)};
}

/// "4K", "2M"; as perf, by the largest unit that leaves no rest.
OwnValue page_size(uint64_t value) {
  constexpr std::string_view kUnits = "BKMG";
  uint64_t rest = value;
  size_t unit = 0;
  for (; rest != 0 && rest % 1024 == 0 && unit + 1 < kUnits.size(); ++unit) rest /= 1024;
  return {value == 0 ? "N/A" : fmt::format("{}{}", rest, kUnits[unit]), order_of(value)};
}

/// As the recording's header tells of the CPU; -1 if it does not.
OwnValue socket_value(const SampleRecord& sample, const Recording& recording) {
  const auto& topology = recording.reader().features().cpu_topology;
  const bool known = recording.events()[sample.event].has(PERF_SAMPLE_CPU) && topology &&
                     sample.cpu < topology->cpus.size();
  if (!known) return {"  -001", {}};
  const uint32_t socket = topology->cpus[sample.cpu].socket;
  return {fmt::format("{:>6}", fmt::format("{:03}", socket)), order_of(socket)};
}

OwnValue time_value(const SampleRecord& sample, const TimeColumn& time) {
  const uint64_t quantum = std::max<uint64_t>(time.quantum, 1);
  const uint64_t at = sample.time / quantum * quantum;
  const uint64_t rest = at % kSecond;
  return {time.nanoseconds ? fmt::format("{}.{:09}", at / kSecond, rest)
                           : fmt::format("{}.{:06}", at / kSecond, rest / 1000),
          order_of(at)};
}

}  // namespace

/// Big endian.
std::string order_of(uint64_t value) {
  std::string out;
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
  return out;
}

std::optional<OwnColumn> own_column(std::string_view name) {
  const auto found = std::ranges::find(kKinds, name, &Kind::name);
  if (found == kKinds.end()) return std::nullopt;
  return found->column;
}

std::string_view title_of(OwnColumn column) {
  return kind_of(column).title;
}
bool is_sum(OwnColumn column) {
  return kind_of(column).sum;
}
bool is_number(OwnColumn column) {
  return kind_of(column).number;
}
bool is_greatest_first(OwnColumn column) {
  return kind_of(column).greatest_first;
}
bool is_padded(OwnColumn column) {
  return kind_of(column).padded;
}

size_t least_width_of(OwnColumn column, const TimeColumn& time) {
  constexpr size_t kNanosecondsWidth = 16;
  if (column == OwnColumn::Time && time.nanoseconds) return kNanosecondsWidth;
  return std::max(kind_of(column).width, kind_of(column).title.size());
}

OwnValue own_value(OwnColumn column, const SampleRecord& sample, const TimeColumn& time,
                   Recording& recording) {
  const EventAttr& event = recording.events()[sample.event];
  const Weight weight = weight_of(sample, event);
  switch (column) {
    case OwnColumn::Cgroup: {
      const std::string name(event.has(PERF_SAMPLE_CGROUP) ? recording.cgroup_name(sample.cgroup)
                                                           : "N/A");
      return {name, name};
    }
    case OwnColumn::CgroupNamespace: {
      const std::string name = recording.cgroup_namespace(sample.tid, sample.time);
      return {name, name};
    }
    case OwnColumn::Time:
      return time_value(sample, time);
    case OwnColumn::Event:
      return {event.name, event.name};
    case OwnColumn::LocalWeight:
    case OwnColumn::Weight:
      return number(weight.weight);
    case OwnColumn::LocalLatency:
    case OwnColumn::Latency:
      return number(weight.instruction_latency);
    case OwnColumn::Socket:
      return socket_value(sample, recording);
    case OwnColumn::Address:
      // perf orders addresses as signed numbers: the kernel's first.
      return {fmt::format("{:#x}", sample.ip), order_of(sample.ip ^ uint64_t{1} << 63)};
    case OwnColumn::CodePageSize:
      return page_size(sample.code_page_size);
    case OwnColumn::DataPageSize:
      return page_size(sample.data_page_size);
    case OwnColumn::Transaction:
      return transaction_value(sample.transaction);
    case OwnColumn::LocalStageCycles:
    case OwnColumn::StageCycles:
    case OwnColumn::LocalRetireLatency:
    case OwnColumn::RetireLatency:
      return number(weight.retire_latency);
    default:
      return memory_value(column, sample, recording);
  }
}

}  // namespace prof
