// Objects of JSON, one a line: a sample with its frames, innermost first, or another record.
// Numbers that are addresses are strings, since readers of JSON have no 64 bits for them.
#include <fmt/format.h>

#include <iterator>

#include "common/json_text.h"
#include "perfdata/decode.h"
#include "perfdata/register_names.h"
#include "report/data_source_text.h"
#include "report/script_sideband.h"
#include "report/script_start.h"
#include "report/script_writer.h"

namespace prof {

namespace {

class JsonWriter : public ScriptWriter {
 public:
  JsonWriter(Recording& recording, TracePoints& points)
      : recording_(recording),
        points_(points),
        code_(recording),
        branch_code_(recording, code_.code()),
        machine_(recording.reader().features().arch.value_or("")) {}

  void begin(std::span<const EventStyle> styles, Output&) override {
    trace_text_ = trace_text_of(styles, recording_, points_);
  }
  size_t note(const SampleRecord& sample, const SampleText::Place& place, const EventStyle& style,
              std::string& texts) override;
  void print(const ScriptSample& sample, Output& out) override;
  void print_sideband(const Record& record, uint16_t misc, const ScriptSample& owner,
                      std::string_view function, Output& out) override;

 private:
  void append_owner(const ScriptSample& sample);
  void append_trace(const SampleRecord& sample, std::string& out);
  void append_field(const EventField& field, const SampleRecord& sample, std::string& out);
  void append_code(const SampleRecord& sample, const ThreadState& state, const EventStyle& style,
                   std::string& out);
  void append_registers(std::string_view key, uint64_t mask, const U64View& values,
                        std::string& out);

  Recording& recording_;
  TracePoints& points_;
  CodeText code_;
  BranchCode branch_code_;
  const std::string machine_;
  std::unique_ptr<TraceText> trace_text_;
  std::string line_, text_;
};

void append_hex(std::string& out, std::string_view key, uint64_t value) {
  fmt::format_to(std::back_inserter(out), "\"{}\":\"0x{:x}\",", key, value);
}

void append_number(std::string& out, std::string_view key, uint64_t value) {
  fmt::format_to(std::back_inserter(out), "\"{}\":{},", key, value);
}

void append_text(std::string& out, std::string_view key, std::string_view value) {
  append_json_string(out, key);
  out += ':';
  append_json_string(out, value);
  out += ',';
}

/// Nothing where the processor did not say.
void append_prediction(const Branch& branch, std::string& out) {
  if (!branch.predicted && !branch.mispredicted) return;
  out += branch.predicted ? "\"predicted\":true," : "\"predicted\":false,";
}

void append_branches(std::span<const std::byte> entries, bool swapped, std::string& out) {
  out += "\"brstack\":[";
  for_each_branch(entries, swapped, [&out](const Branch& branch) {
    out += '{';
    append_hex(out, "from", branch.from);
    append_hex(out, "to", branch.to);
    append_prediction(branch, out);
    if (branch.in_transaction) out += "\"in_transaction\":true,";
    if (branch.abort) out += "\"abort\":true,";
    if (!branch.type.empty()) append_text(out, "type", branch.type);
    append_number(out, "cycles", branch.cycles);
    out.back() = '}';
    out += ',';
  });
  if (out.back() == ',') out.pop_back();
  out += "],";
}

void JsonWriter::append_registers(std::string_view key, uint64_t mask, const U64View& values,
                                  std::string& out) {
  if (values.empty()) return;
  fmt::format_to(std::back_inserter(out), "\"{}\":{{", key);
  size_t next = 0;
  for (unsigned i = 0; i < 64 && next < values.size(); ++i) {
    if ((mask >> i & 1) == 0) continue;
    const auto name = register_name(machine_, i);
    append_hex(out, name.empty() ? fmt::format("r{}", i) : std::string(name), values[next++]);
  }
  if (out.back() == ',') out.pop_back();
  out += "},";
}

/// Numbers as numbers; strings as strings; other arrays as the bytes they are.
void JsonWriter::append_field(const EventField& field, const SampleRecord& sample,
                              std::string& out) {
  append_json_string(out, field.name);
  out += ':';
  if (const auto number = read_number(field, sample.raw, points_.swapped());
      number && !field.is_array) {
    if (field.is_pointer) {
      fmt::format_to(std::back_inserter(out), "\"0x{:x}\"", number->bits);
    } else if (number->negative()) {
      fmt::format_to(std::back_inserter(out), "{}", static_cast<int64_t>(number->bits));
    } else {
      fmt::format_to(std::back_inserter(out), "{}", number->bits);
    }
  } else {
    const auto bytes = read_bytes(field, sample.raw, points_.swapped());
    std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (field.is_string) {
      append_json_string(out, text.substr(0, text.find('\0')));
    } else {
      std::string hex;
      for (const std::byte b : bytes) {
        fmt::format_to(std::back_inserter(hex), "{:02x}", std::to_integer<unsigned>(b));
      }
      append_json_string(out, hex);
    }
  }
  out += ',';
}

void JsonWriter::append_trace(const SampleRecord& sample, std::string& out) {
  text_.clear();
  trace_text_->append(sample.cpu, sample.raw, text_);
  append_text(out, "trace", text_);
  const auto* point = points_.of(sample.event);
  if (!point) return;
  out += "\"fields\":{";
  for (const EventField& field : point->format.fields) {
    if (!field.is_common) append_field(field, sample, out);
  }
  if (out.back() == ',') out.pop_back();
  out += "},";
}

/// An instruction, or what there is to say between two.
void append_code_line(const CodeLine& line, std::string& out) {
  out += '{';
  switch (line.kind) {
    case CodeLine::Kind::Function:
      append_text(out, "function", line.function);
      append_number(out, "offset", line.offset);
      break;
    case CodeLine::Kind::Instruction: {
      append_hex(out, "addr", line.address);
      std::string bytes;
      append_bytes(line.bytes, bytes);
      append_text(out, "insn", bytes);
      if (!line.branch) break;
      append_prediction(*line.branch, out);
      append_number(out, "cycles", line.branch->cycles);
      break;
    }
    case CodeLine::Kind::Mismatch:
      append_text(out, "problem", "not the code that ran");
      break;
    case CodeLine::Kind::TooMuch:
      append_text(out, "problem", "more than a MiB of code");
      break;
    case CodeLine::Kind::MissingBranch:
      append_text(out, "problem", "a branch was not recorded");
      break;
  }
  out.back() = '}';
  out += ',';
}

void JsonWriter::append_code(const SampleRecord& sample, const ThreadState& state,
                             const EventStyle& style, std::string& out) {
  const auto bytes = code_.bytes(sample, state);
  if (style.has(kFieldInsnlen)) append_number(out, "insnlen", bytes.size());
  if (style.has(kFieldInsn)) {
    std::string text;
    append_bytes(bytes, text);
    append_text(out, "insn", text);
  }
  if (style.has(kFieldDisasm)) append_text(out, "disasm", code_.meaning(sample, state));
  if (!(style.fields & (kFieldBrstackinsn | kFieldBrstackinsnlen))) return;
  out += "\"brstackinsn\":[";
  branch_code_.for_each(sample, state,
                        [&out](const CodeLine& line) { append_code_line(line, out); });
  if (out.back() == ',') out.pop_back();
  out += "],";
}

size_t JsonWriter::note(const SampleRecord& sample, const SampleText::Place& place,
                        const EventStyle& style, std::string& texts) {
  const EventAttr& event = recording_.events()[sample.event];
  if (style.has(kFieldTrace)) append_trace(sample, texts);
  if (style.has(kFieldAddr)) append_hex(texts, "addr", sample.addr);
  if (style.has(kFieldDataSrc)) {
    append_hex(texts, "data_src", sample.data_src);
    append_text(texts, "data_src_text", data_source_text(sample.data_src));
  }
  const Weight weight = weight_of(sample, event);
  if (style.has(kFieldWeight)) append_number(texts, "weight", weight.weight);
  if (style.has(kFieldInsLat)) append_number(texts, "ins_lat", weight.instruction_latency);
  if (style.has(kFieldRetireLat)) append_number(texts, "retire_lat", weight.retire_latency);
  if (style.has(kFieldIregs)) {
    append_registers("iregs", event.attr.sample_regs_intr, sample.interrupt_registers, texts);
  }
  if (style.has(kFieldUregs)) {
    append_registers("uregs", event.attr.sample_regs_user, sample.user_registers, texts);
  }
  if (style.fields & (kFieldBrstack | kFieldBrstacksym | kFieldBrstackoff)) {
    append_branches(sample.branch_stack, recording_.reader().swapped(), texts);
  }
  constexpr ScriptFieldSet kCode =
      kFieldInsn | kFieldInsnlen | kFieldDisasm | kFieldBrstackinsn | kFieldBrstackinsnlen;
  if (style.fields & kCode) append_code(sample, place.state, style, texts);
  if (style.has(kFieldPhysAddr)) append_hex(texts, "phys_addr", sample.phys_addr);
  if (style.has(kFieldDataPageSize)) append_number(texts, "data_page_size", sample.data_page_size);
  if (style.has(kFieldCodePageSize)) append_number(texts, "code_page_size", sample.code_page_size);
  if (style.has(kFieldCgroup)) append_text(texts, "cgroup", recording_.cgroup_name(sample.cgroup));
  return texts.size();
}

void JsonWriter::append_owner(const ScriptSample& sample) {
  const auto has = [&](ScriptFieldSet field) { return sample.style->has(field); };
  const auto at = std::back_inserter(line_);
  if (has(kFieldComm)) append_text(line_, "comm", sample.comm);
  if (has(kFieldPid)) fmt::format_to(at, "\"pid\":{},", static_cast<int32_t>(sample.id.pid));
  if (has(kFieldTid)) fmt::format_to(at, "\"tid\":{},", static_cast<int32_t>(sample.id.tid));
  if (has(kFieldCpu)) append_number(line_, "cpu", sample.id.cpu);
  if (has(kFieldTime)) append_number(line_, "time_ns", sample.shown_time);
  const auto& clocks = recording_.reader().features().clock_data;
  if (has(kFieldTod) && clocks) {
    append_text(line_, "tod", wall_clock_text(*clocks, sample.id.time, true));
  }
}

void JsonWriter::print(const ScriptSample& sample, Output& out) {
  const EventStyle& style = *sample.style;
  line_ = "{";
  append_owner(sample);
  if (style.has(kFieldEvent)) append_text(line_, "event", style.name);
  if (style.has(kFieldPeriod)) append_number(line_, "period", sample.period);
  if (style.has(kFieldMisc)) {
    append_text(line_, "mode", cpu_mode_name(static_cast<CpuMode>(sample.misc & kMiscCpumodeMask)));
  }
  line_ += sample.before;
  if (style.has(kFieldIp)) {
    line_ += "\"stack\":[";
    for (const uint32_t number : sample.frames) {
      line_ += style.frames->text(number);
      line_ += ',';
    }
    if (line_.back() == ',') line_.pop_back();
    line_ += "],";
  }
  if (line_.back() == ',') line_.pop_back();
  line_ += "}\n";
  out.write(line_);
}

void JsonWriter::print_sideband(const Record& record, uint16_t, const ScriptSample& owner,
                                std::string_view function, Output& out) {
  text_ = sideband_text(record, function);
  // "PERF_RECORD_MMAP2 …": its first word is the type.
  constexpr std::string_view kPrefix = "PERF_RECORD_";
  std::string_view text = text_;
  text.remove_prefix(std::min(kPrefix.size(), text.size()));
  const size_t type_end = std::min(text.find_first_of(" :(\n"), text.size());
  line_ = "{";
  append_text(line_, "record", text.substr(0, type_end));
  append_owner(owner);
  while (text.ends_with('\n')) text.remove_suffix(1);
  append_text(line_, "text", text);
  line_.back() = '}';
  line_ += '\n';
  out.write(line_);
}

}  // namespace

std::unique_ptr<ScriptWriter> make_json_writer(Recording& recording, TracePoints& points) {
  return std::make_unique<JsonWriter>(recording, points);
}

}  // namespace prof
