#include "unwind/generated_table.h"

#include <elf.h>

#include <algorithm>
#include <vector>

#include "unwind/cfi_program.h"
#include "unwind/cfi_section.h"
#include "unwind/table_writer.h"

namespace prof {

namespace {

/// Where the sections are taken to lie: what they say relative to themselves then neither wraps nor
/// is 0, whatever it is.
constexpr uint64_t kSomewhere = uint64_t{1} << 40;

class GeneratedTableBuilder {
 public:
  GeneratedTableBuilder(uint16_t machine, TableWriter writer)
      : registers_(machine == EM_X86_64 ? kX86Registers : kArmRegisters),
        writer_(std::move(writer)) {}

  UnwindTable build(std::span<const GeneratedFunction> functions) {
    for (const GeneratedFunction& function : functions) {
      writer_.add(function.begin, UNWIND_RULE_FRAME_POINTER);
      if (!function.eh_frame.empty()) add(function);
      writer_.add(function.end, UNWIND_RULE_FRAME_POINTER);
    }
    return std::move(writer_).finish(counts_);
  }

 private:
  void add(const GeneratedFunction& function) {
    const CfiSection section(CfiSection::Kind::EhFrame, function.eh_frame, kSomewhere, 0,
                             CfiSection::Terminator::Stop);
    counts_.broken_fdes += section.broken();
    if (section.fdes().empty()) return;
    const uint64_t origin = section.fdes().front().begin;
    for (const Fde& fde : section.fdes()) {
      ++counts_.fdes;
      counts_.has_cfi = true;
      const CfiProgram program(section.cie(fde.cie), registers_);
      if (!program.evaluate(fde, section.instructions(fde), rows_)) ++counts_.broken_fdes;
      for (const CfiRow& row : rows_) {
        const uint64_t offset = row.begin - origin;
        if (offset >= function.end - function.begin || row.begin >= fde.end) break;
        if (row.rule.cfa_kind == UNWIND_CFA_UNSUPPORTED) ++counts_.unsupported_rows;
        writer_.add(function.begin + offset, row.rule);
      }
      const uint64_t end = fde.end - origin;
      if (end >= function.end - function.begin) return;
      writer_.add(function.begin + end, UNWIND_RULE_FRAME_POINTER);
    }
  }

  const CfiRegisters& registers_;
  TableWriter writer_;
  UnwindTableCounts counts_;
  std::vector<CfiRow> rows_;
};

}  // namespace

Result<UnwindTable> build_generated_table(uint16_t machine,
                                          std::span<const GeneratedFunction> functions,
                                          RuleDictionary& dictionary) {
  if (machine != EM_X86_64 && machine != EM_AARCH64) {
    return fail("its machine is neither x86-64 nor aarch64");
  }
  if (functions.empty()) return fail("it has no code");
  auto writer = TableWriter::create(dictionary, functions.front().begin, functions.back().end);
  if (!writer) return tl::unexpected(std::move(writer.error()));
  return GeneratedTableBuilder(machine, std::move(*writer)).build(functions);
}

}  // namespace prof
