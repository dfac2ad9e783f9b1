#include "report/sample_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "perfdata/register_names.h"
#include "report/data_source_text.h"
#include "report/script_frames.h"

namespace prof {

namespace {

/// "4K", "2M"; as perf, by the largest unit that leaves no rest.
void append_page_size(uint64_t size, std::string& out) {
  constexpr std::string_view kUnits = "BKMG";
  if (size == 0) {
    out += " N/A";
    return;
  }
  size_t unit = 0;
  for (; size % 1024 == 0 && unit + 1 < kUnits.size(); ++unit) size /= 1024;
  fmt::format_to(std::back_inserter(out), " {}{}", size, kUnits[unit]);
}

/// A weight that is a struct (PERF_SAMPLE_WEIGHT_STRUCT) has 32 bits for the weight proper, then 16
/// for the latency of the instruction.
uint64_t weight_of(const SampleRecord& sample, const EventAttr& event) {
  return event.has(PERF_SAMPLE_WEIGHT_STRUCT) ? sample.weight & UINT32_MAX : sample.weight;
}

}  // namespace

SampleText::SampleText(Recording& recording)
    : recording_(recording),
      branches_(recording),
      machine_(recording.reader().features().arch.value_or("")) {}

void SampleText::append_address(const SampleRecord& sample, const ThreadState& state,
                                ScriptFieldSet fields, std::string& out) {
  const auto at = std::back_inserter(out);
  fmt::format_to(at, "{:16x}", sample.addr);
  const perf_event_attr& attr = recording_.events()[sample.event].attr;
  // As perf has it, those of other events are not looked up.
  const bool is_place =
      attr.type == PERF_TYPE_SOFTWARE &&
      (attr.config == PERF_COUNT_SW_PAGE_FAULTS || attr.config == PERF_COUNT_SW_PAGE_FAULTS_MIN ||
       attr.config == PERF_COUNT_SW_PAGE_FAULTS_MAJ);
  if (!is_place || !(fields & (kFieldSym | kFieldDso))) return;
  const CpuMode mode = sample.addr >> 63 != 0 ? CpuMode::Kernel : CpuMode::User;
  const ResolvedAddress found =
      recording_.resolve(state, sample.time, mode, FrameAddress{VirtAddr{sample.addr}});
  if (fields & kFieldSym) {
    out += ' ';
    out += found.symbol.found() ? recording_.strings()[found.symbol.name] : kUnknownName;
    if (found.symbol.found() && (fields & kFieldSymoff)) {
      fmt::format_to(at, "+0x{:x}", found.dso_address - found.symbol.start);
    }
  }
  if (fields & kFieldDso) fmt::format_to(at, " ({})", dso_name_of(recording_, found));
}

void SampleText::append_before_address(const SampleRecord& sample, const Place& place,
                                       ScriptFieldSet fields, std::string& out) {
  if (fields & kFieldAddr) append_address(sample, place.state, fields, out);
  const auto at = std::back_inserter(out);
  const EventAttr& event = recording_.events()[sample.event];
  if (fields & kFieldDataSrc) {
    const auto source =
        fmt::format("{:16x} {}", sample.data_src, data_source_text(sample.data_src));
    source_width_ = std::max(source_width_, source.size());
    fmt::format_to(at, "{:<{}}", source, source_width_);
  }
  if (fields & kFieldWeight) fmt::format_to(at, "{:16}", weight_of(sample, event));
  if (fields & kFieldInsLat) fmt::format_to(at, "{:16}", sample.weight >> 32 & UINT16_MAX);
}

void SampleText::append_registers(uint64_t abi, uint64_t mask, const U64View& values,
                                  std::string& out) {
  if (values.empty()) return;
  const auto at = std::back_inserter(out);
  fmt::format_to(at, " ABI:{} ", abi);
  size_t next = 0;
  for (unsigned i = 0; i < 64 && next < values.size(); ++i) {
    if ((mask >> i & 1) == 0) continue;
    const auto name = register_name(machine_, i);
    fmt::format_to(at, "{:>5}:0x{:x} ", name.empty() ? "unknown" : name, values[next++]);
  }
}

void SampleText::append_after_address(const SampleRecord& sample, const Place& place,
                                      ScriptFieldSet fields, std::string& out) {
  const perf_event_attr& attr = recording_.events()[sample.event].attr;
  if (fields & kFieldIregs) {
    append_registers(sample.interrupt_abi, attr.sample_regs_intr, sample.interrupt_registers, out);
  }
  if (fields & kFieldUregs) {
    append_registers(sample.user_abi, attr.sample_regs_user, sample.user_registers, out);
  }
  if (fields & (kFieldBrstack | kFieldBrstacksym | kFieldBrstackoff)) {
    branches_.append(sample, place.state, place.user_space, place.kernel_space, fields, out);
  }
  if (fields & kFieldPhysAddr) fmt::format_to(std::back_inserter(out), "{:16x}", sample.phys_addr);
  if (fields & kFieldDataPageSize) append_page_size(sample.data_page_size, out);
  if (fields & kFieldCodePageSize) append_page_size(sample.code_page_size, out);
  if (fields & kFieldCgroup) {
    out += ' ';
    out += recording_.cgroup_name(sample.cgroup);
  }
}

}  // namespace prof
