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

/// As perf's dump of what BPF programs write: rows of eight bytes, then the text if it is one.
void append_bpf_output(std::span<const std::byte> raw, std::string& out) {
  constexpr size_t kInARow = 8;
  const auto at = std::back_inserter(out);
  const auto character = [&](size_t i) { return std::to_integer<unsigned char>(raw[i]); };
  bool printable = true, ended = false;
  out += '\n';
  for (size_t row = 0; row < raw.size(); row += kInARow) {
    fmt::format_to(at, "{:>17} {:04x}:", row == 0 ? "BPF output:" : "", row);
    for (size_t i = row; i < row + kInARow; ++i) {
      i < raw.size() ? fmt::format_to(at, " {:02x}", character(i)) : fmt::format_to(at, "   ");
    }
    out += "  ";
    for (size_t i = row; i < row + kInARow; ++i) {
      const unsigned char c = i < raw.size() ? character(i) : ' ';
      if (i < raw.size() && c == 0) ended = true;
      const bool shown = c >= 0x20 && c < 0x7f;
      printable &= shown || c == 0;
      out += shown ? static_cast<char>(c) : '.';
    }
    out += '\n';
  }
  if (!printable || !ended) return;
  fmt::format_to(at, "{:>17} \"", "BPF string:");
  for (size_t i = 0; i < raw.size() && character(i) != 0; ++i) {
    out += static_cast<char>(character(i));
  }
  out += "\"\n";
}

}  // namespace

Weight weight_of(const SampleRecord& sample, const EventAttr& event) {
  if (!event.has(PERF_SAMPLE_WEIGHT_STRUCT)) return {sample.weight, 0, 0};
  return {sample.weight & UINT32_MAX, static_cast<uint16_t>(sample.weight >> 32),
          static_cast<uint16_t>(sample.weight >> 48)};
}

SampleText::SampleText(Recording& recording)
    : recording_(recording),
      branches_(recording),
      code_(recording),
      branch_code_(recording, code_.code()),
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
  const CpuMode mode = recording_.mode_of(sample.cpu_mode(), sample.time, VirtAddr{sample.addr});
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
  const auto at = std::back_inserter(out);
  // What became of a branch, which only decoded traces know; perf leaves the room.
  if (fields & kFieldFlags) fmt::format_to(at, "  {:<21} ", "");
  if (fields & kFieldAddr) append_address(sample, place.state, fields, out);
  const EventAttr& event = recording_.events()[sample.event];
  if (fields & kFieldDataSrc) {
    const auto source =
        fmt::format("{:16x} {}", sample.data_src, data_source_text(sample.data_src));
    source_width_ = std::max(source_width_, source.size());
    fmt::format_to(at, "{:<{}}", source, source_width_);
  }
  const Weight weight = weight_of(sample, event);
  if (fields & kFieldWeight) fmt::format_to(at, "{:16}", weight.weight);
  if (fields & kFieldInsLat) fmt::format_to(at, "{:16}", weight.instruction_latency);
  if (fields & kFieldRetireLat) fmt::format_to(at, "{:16}", weight.retire_latency);
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

void SampleText::append_code(const SampleRecord& sample, const ThreadState& state,
                             ScriptFieldSet fields, std::string& out) {
  const auto bytes = code_.bytes(sample, state);
  if (fields & kFieldInsnlen) fmt::format_to(std::back_inserter(out), " ilen: {}", bytes.size());
  if ((fields & kFieldInsn) && !bytes.empty()) {
    out += " insn: ";
    append_bytes(bytes, out);
  }
  if ((fields & kFieldDisasm) && !bytes.empty()) {
    out += "\t\t";
    out += code_.meaning(sample, state);
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
  if ((fields & kFieldBpfOutput) && attr.type == PERF_TYPE_SOFTWARE &&
      attr.config == PERF_COUNT_SW_BPF_OUTPUT && !sample.raw.empty()) {
    append_bpf_output(sample.raw, out);
  }
  if (fields & (kFieldInsn | kFieldInsnlen | kFieldDisasm)) {
    append_code(sample, place.state, fields, out);
  }
  if (fields & (kFieldBrstackinsn | kFieldBrstackinsnlen)) {
    branch_code_.append(sample, place.state, (fields & kFieldBrstackinsnlen) != 0, out);
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
