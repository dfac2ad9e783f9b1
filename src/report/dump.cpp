#include "report/dump.h"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <optional>

#include "perfdata/cursor.h"
#include "perfdata/decode.h"
#include "perfdata/register_names.h"
#include "report/branch_text.h"
#include "report/callchain.h"
#include "report/sample_text.h"
#include "report/script_sideband.h"

namespace prof {

namespace {

constexpr size_t kInARow = 16;

class Dump {
 public:
  Dump(const Recording& recording, Output& out)
      : recording_(recording),
        decoder_(recording.events(), recording.reader().swapped()),
        machine_(recording.reader().features().arch.value_or("")),
        out_(out) {}

  void print(const RecordView& view) {
    text_.clear();
    append_bytes(view);
    append_meaning(view);
    text_ += '\n';
    out_.write(text_);
  }

 private:
  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
  }
  void append_bytes(const RecordView& view);
  void append_row(size_t offset, std::span<const std::byte> row);
  void append_meaning(const RecordView& view);
  void append_sample(const RecordView& view);
  void append_registers(std::string_view title, uint64_t abi, uint64_t mask, const U64View& values);
  void append_branches();

  const Recording& recording_;
  const Decoder decoder_;
  const std::string machine_;
  Output& out_;
  SampleRecord sample_;
  std::string text_;
};

/// The bytes as they lie in the file, header first.
void Dump::append_bytes(const RecordView& view) {
  const perf_event_header& header = view.header;
  add("0x{:x} [0x{:x}]: event: {}\n.\n. ... raw event: size {} bytes\n", view.offset, header.size,
      header.type, header.size);
  std::array<std::byte, kRecordHeaderSize> start{};
  const auto put = [&](size_t at, size_t size, uint32_t value) {
    for (size_t i = 0; i < size; ++i) {
      const size_t place = recording_.reader().swapped() ? size - 1 - i : i;
      start[at + place] = static_cast<std::byte>(value >> (8 * i) & 0xff);
    }
  };
  put(0, 4, header.type);
  put(4, 2, header.misc);
  put(6, 2, header.size);
  std::array<std::byte, kInARow> row{};
  const size_t size = kRecordHeaderSize + view.payload.size();
  for (size_t at = 0; at < size; at += kInARow) {
    const size_t count = std::min(kInARow, size - at);
    for (size_t i = 0; i < count; ++i) {
      const size_t index = at + i;
      row[i] = index < kRecordHeaderSize ? start[index] : view.payload[index - kRecordHeaderSize];
    }
    append_row(at, std::span(row).first(count));
  }
  text_ += '\n';
}

void Dump::append_row(size_t offset, std::span<const std::byte> row) {
  add(".  {:04x}: ", offset);
  for (size_t i = 0; i < kInARow; ++i) {
    if (i < row.size()) {
      add(" {:02x}", std::to_integer<unsigned>(row[i]));
    } else {
      text_ += "   ";
    }
  }
  text_ += "  ";
  for (const std::byte b : row) {
    const auto c = std::to_integer<unsigned char>(b);
    text_ += c >= 0x20 && c < 0x7f ? static_cast<char>(c) : '.';
  }
  text_.append(kInARow - row.size(), ' ');
  text_ += '\n';
}

void Dump::append_meaning(const RecordView& view) {
  if (view.header.type == kRecordSample) {
    append_sample(view);
    return;
  }
  const auto record = decoder_.decode(view);
  if (!record) {
    add("0x{:x} [0x{:x}]: {}\n", view.offset, view.header.size, record.error().message);
    return;
  }
  const SidebandOwner owner = sideband_owner(*record);
  const EventAttr& event = recording_.events()[decoder_.event_of(view)];
  if (event.attr.sample_id_all) {
    if (event.has(PERF_SAMPLE_CPU)) add("{} ", owner.sample_id.cpu);
    if (event.has(PERF_SAMPLE_TIME)) add("{} ", owner.sample_id.time);
  }
  add("0x{:x} [0x{:x}]: ", view.offset, view.header.size);
  const std::string words = sideband_text(*record);
  if (!words.empty()) {
    text_ += words;
    return;
  }
  const char* name = record_type_name(view.header.type);
  if (name) {
    add("PERF_RECORD_{}\n", name);
  } else {
    add("record of the unknown type {}\n", view.header.type);
  }
}

void Dump::append_sample(const RecordView& view) {
  if (!decoder_.sample(view, sample_)) {
    add("0x{:x} [0x{:x}]: PERF_RECORD_SAMPLE that does not fit its event, or is of none\n",
        view.offset, view.header.size);
    return;
  }
  const EventAttr& event = recording_.events()[sample_.event];
  if (event.has(PERF_SAMPLE_CPU)) add("{} ", sample_.cpu);
  if (event.has(PERF_SAMPLE_TIME)) add("{} ", sample_.time);
  add("0x{:x} [0x{:x}]: PERF_RECORD_SAMPLE(IP, 0x{:x}): {}/{}: 0x{:x} period: {} addr: 0x{:x}\n",
      view.offset, view.header.size, view.header.misc, static_cast<int32_t>(sample_.pid),
      static_cast<int32_t>(sample_.tid), sample_.ip, sample_.period, sample_.addr);
  add("... event: {}\n", event.name);
  if (event.has(PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_ID)) add("... id: {}\n", sample_.id);
  if (event.has(PERF_SAMPLE_CALLCHAIN)) {
    add("... chain: nr:{}\n", sample_.callchain.size());
    for (size_t i = 0; i < sample_.callchain.size(); ++i) {
      add("..... {:2}: {:016x}\n", i, sample_.callchain[i]);
    }
  }
  if (event.has(PERF_SAMPLE_BRANCH_STACK)) append_branches();
  append_registers("user", sample_.user_abi, event.attr.sample_regs_user, sample_.user_registers);
  append_registers("intr", sample_.interrupt_abi, event.attr.sample_regs_intr,
                   sample_.interrupt_registers);
  if (event.has(PERF_SAMPLE_STACK_USER)) add("... ustack: size {}\n", sample_.user_stack.size());
  if (event.has(PERF_SAMPLE_RAW)) add("... raw: size {}\n", sample_.raw.size());
  const Weight weight = weight_of(sample_, event);
  if (event.has(PERF_SAMPLE_WEIGHT | PERF_SAMPLE_WEIGHT_STRUCT)) {
    add("... weight: {},0x{:x},0x{:x}\n", weight.weight, weight.instruction_latency,
        weight.retire_latency);
  }
  if (event.has(PERF_SAMPLE_DATA_SRC)) add("... data_src: 0x{:x}\n", sample_.data_src);
  if (event.has(PERF_SAMPLE_TRANSACTION)) add("... transaction: 0x{:x}\n", sample_.transaction);
  if (event.has(PERF_SAMPLE_PHYS_ADDR)) add("... phys_addr: 0x{:x}\n", sample_.phys_addr);
  if (event.has(PERF_SAMPLE_CGROUP)) add("... cgroup: {}\n", sample_.cgroup);
  if (event.has(PERF_SAMPLE_DATA_PAGE_SIZE)) add("... data page: {}\n", sample_.data_page_size);
  if (event.has(PERF_SAMPLE_CODE_PAGE_SIZE)) add("... code page: {}\n", sample_.code_page_size);
  if (event.has(PERF_SAMPLE_AUX)) add("... aux: size {}\n", sample_.aux.size());
}

void Dump::append_branches() {
  size_t count = 0;
  std::string rows;
  for_each_branch(sample_.branch_stack, recording_.reader().swapped(), [&](const Branch& branch) {
    fmt::format_to(std::back_inserter(rows),
                   "..... {:2}: {:016x} -> {:016x} {} cycles {}{}{}{} {}\n", count++, branch.from,
                   branch.to, branch.cycles, branch.mispredicted ? "M" : " ",
                   branch.predicted ? "P" : " ", branch.abort ? "A" : " ",
                   branch.in_transaction ? "T" : " ", branch.type);
  });
  add("... branch stack: nr:{}\n{}", count, rows);
}

void Dump::append_registers(std::string_view title, uint64_t abi, uint64_t mask,
                            const U64View& values) {
  if (values.empty()) return;
  add("... {} regs: mask 0x{:x} ABI {}\n", title, mask,
      abi == PERF_SAMPLE_REGS_ABI_64   ? "64-bit"
      : abi == PERF_SAMPLE_REGS_ABI_32 ? "32-bit"
                                       : "none");
  size_t next = 0;
  for (unsigned i = 0; i < 64 && next < values.size(); ++i) {
    if ((mask >> i & 1) == 0) continue;
    const auto name = register_name(machine_, i);
    add(".... {:<5} 0x{:016x}\n", name.empty() ? fmt::format("r{}", i) : std::string(name),
        values[next++]);
  }
}

}  // namespace

void dump_records(const Recording& recording, Output& out) {
  RecordCursor cursor(recording.reader());
  Dump dump(recording, out);
  RecordView view;
  while (cursor.next(view) && !out.broken()) dump.print(view);
}

}  // namespace prof
