#include "report/memory_columns.h"

#include <fmt/format.h>

#include <array>

#include "report/data_source_text.h"
#include "report/frame_table.h"

namespace prof {

namespace {

constexpr uint64_t kCacheLine = 64;  // perf takes that of the machine it runs on
// Hexadecimal digits of an address, and with "[k] 0x" before them: perf's columns have room for
// both, the name and the address.
constexpr size_t kAddressDigits = 16;
constexpr size_t kAddressWidth = kAddressDigits + 6;

std::string address_text(char level, uint64_t address) {
  if (address == 0) return fmt::format("[{}] {:016}", level, 0);  // C's %#.16x
  return fmt::format("[{}] {:#018x}", level, address);
}

ResolvedAddress resolve(const SampleRecord& sample, uint64_t address, Recording& recording) {
  const CpuMode mode = sample.cpu_mode();
  const ThreadState state = recording.processes().state_at(sample.pid, sample.tid, sample.time);
  return recording.resolve(state, mode == CpuMode::User ? sample.time : UINT64_MAX, mode,
                           FrameAddress{VirtAddr{address}});
}

/// A variable with where in it, or a function. `at`: in the DSO.
OwnValue place_text(char level, const ResolvedAddress& found, uint64_t at, uint64_t shown,
                    Recording& recording) {
  OwnValue out;
  out.width = kAddressWidth;
  if (!found.symbol.found()) {
    out.text = address_text(level, shown);
    return out;
  }
  const std::string_view name = recording.strings()[found.symbol.name];
  out.width += name.size();
  out.text = fmt::format("[{}] {}", level, name);
  if (!found.symbol.data) return out;
  // The line that a variable begins in may begin before it.
  const bool before = at < found.symbol.start;
  out.text += before ? fmt::format("-0x{:x}", found.symbol.start - at)
                     : fmt::format("+0x{:x}", at - found.symbol.start);
  return out;
}

/// Rows are addresses, the kernel's first, as perf orders them.
OwnValue symbol_value(const SampleRecord& sample, uint64_t address, Recording& recording) {
  const ResolvedAddress found = resolve(sample, address, recording);
  OwnValue out =
      place_text(level_of(sample.cpu_mode()), found, found.dso_address, address, recording);
  out.order = order_of(address ^ uint64_t{1} << 63);
  return out;
}

OwnValue dso_value(const SampleRecord& sample, Recording& recording) {
  const ResolvedAddress found = resolve(sample, sample.addr, recording);
  if (!found.mapping) return {"[unknown]", "[unknown]", kAddressDigits};
  std::string_view short_name = recording.dsos()[found.mapping->dso].short_name;
  if (short_name.starts_with('/')) short_name = short_name.substr(short_name.rfind('/') + 1);
  const std::string name(short_name);  // "anon" of "//anon"
  return {name, name, 0};
}

/// Lines are those of files, whoever mapped them; memory without a file is its process's.
OwnValue cache_line_value(const SampleRecord& sample, Recording& recording) {
  const ResolvedAddress found = resolve(sample, sample.addr, recording);
  const uint64_t line = found.dso_address & ~(kCacheLine - 1);
  const bool kernel = sample.cpu_mode() == CpuMode::Kernel;
  char level = level_of(sample.cpu_mode());
  std::string order(1, static_cast<char>(sample.cpu_mode()));
  if (!found.mapping) {
    level = 'X';
    order += '\1';
  } else {
    const bool shared = found.mapping->backing == Backing::Shared;
    if (shared && !kernel) level = 's';
    order += '\0';
    order += recording.dsos()[found.mapping->dso].name;
    order += '\0';
    if (found.mapping->backing == Backing::Anonymous && !kernel) order += order_of(sample.pid);
  }
  OwnValue out = place_text(level, found, line, line, recording);
  out.width += found.symbol.found();  // as perf has it
  out.order = order + order_of(line);
  return out;
}

OwnValue physical_value(const SampleRecord& sample) {
  return {address_text(level_of(sample.cpu_mode()), sample.phys_addr), order_of(sample.phys_addr),
          kAddressWidth};
}

}  // namespace

OwnValue memory_value(OwnColumn column, const SampleRecord& sample, Recording& recording) {
  const bool recorded = recording.events()[sample.event].has(PERF_SAMPLE_DATA_SRC);
  const uint64_t source = recorded ? sample.data_src : kNoDataSource;
  switch (column) {
    case OwnColumn::Memory:
      return {memory_level_text(source), order_of(memory_level_bits(source)), 0};
    case OwnColumn::Snoop:
      return {snoop_text(source), order_of(snoop_bits(source)), 0};
    case OwnColumn::Tlb:
      return {tlb_text(source), order_of(tlb_bits(source)), 0};
    case OwnColumn::Locked:
      return {lock_text(source), order_of(lock_bits(source)), 0};
    case OwnColumn::Blocked:
      return {blocked_text(source), order_of(blocked_bits(source)), 0};
    case OwnColumn::CacheLine:
      return cache_line_value(sample, recording);
    case OwnColumn::DataSymbol:
      return symbol_value(sample, sample.addr, recording);
    case OwnColumn::CodeSymbol:
      return symbol_value(sample, sample.ip, recording);
    case OwnColumn::DataDso:
      return dso_value(sample, recording);
    case OwnColumn::PhysicalAddress:
      return physical_value(sample);
    default:
      return {};
  }
}

OwnValue transaction_value(uint64_t transaction) {
  struct Bit {
    uint64_t bit;
    std::string_view name;
  };
  static constexpr std::array<Bit, 8> kBits = {{{PERF_TXN_ELISION, "EL "},
                                                {PERF_TXN_TRANSACTION, "TX "},
                                                {PERF_TXN_SYNC, "SYNC "},
                                                {PERF_TXN_ASYNC, "ASYNC "},
                                                {PERF_TXN_RETRY, "RETRY "},
                                                {PERF_TXN_CONFLICT, "CON "},
                                                {PERF_TXN_CAPACITY_WRITE, "CAP-WRITE "},
                                                {PERF_TXN_CAPACITY_READ, "CAP-READ "}}};
  constexpr size_t kWidth = 32;  // of what may come together, with the code of the abort
  OwnValue out;
  out.order = order_of(transaction);
  if (transaction == 0) return out;
  for (const Bit& bit : kBits) {
    if (transaction & bit.bit) out.text += bit.name;
  }
  if ((transaction & (PERF_TXN_SYNC | PERF_TXN_ASYNC)) == 0) out.text += "NEITHER ";
  const uint64_t code = (transaction & PERF_TXN_ABORT_MASK) >> PERF_TXN_ABORT_SHIFT;
  if (code != 0) out.text += fmt::format(":{:x}", code);
  out.width = kWidth;
  return out;
}

}  // namespace prof
