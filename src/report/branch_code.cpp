#include "report/branch_code.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "report/code_text.h"

namespace prof {

namespace {

// perf's bounds: a block that is longer is none, but a branch that was lost.
constexpr uint64_t kLongestInstruction = 15;
constexpr uint64_t kLongestBlock = 16384 - kLongestInstruction;
// Of a sample: no processor keeps branches by the thousand, but a file can say so.
constexpr size_t kMostCode = size_t{1} << 20;
// How far a branch that was not recorded is looked for.
constexpr uint64_t kSearched = 128;

std::span<const std::byte> rest(const Code& code, size_t offset) {
  return code.bytes.subspan(std::min(offset, code.bytes.size()));
}

void append_instruction(const CodeLine& line, bool lengths, std::string& out) {
  const auto at = std::back_inserter(out);
  fmt::format_to(at, "\t{:016x}\t", line.address);
  std::string text = "<bad>";
  if (!line.bytes.empty()) {
    text = "insn: ";
    append_bytes(line.bytes, text);
    text += ' ';
  }
  fmt::format_to(at, "{:<{}}", text, line.branch ? 30 : 0);
  if (lengths) fmt::format_to(at, "\tilen: {}", line.bytes.size());
  if (line.branch) {
    const Branch& branch = *line.branch;
    out += "\t#";
    if (branch.predicted) out += " PRED";
    if (branch.mispredicted) out += " MISPRED";
    if (branch.in_transaction) out += " INTX";
    if (branch.abort) out += " ABORT";
    if (branch.cycles != 0) {
      fmt::format_to(at, " {} cycles [{}]", branch.cycles, line.total_cycles);
      if (line.instructions != 0) {
        fmt::format_to(at, " {:.2f} IPC",
                       static_cast<float>(line.instructions) / static_cast<float>(branch.cycles));
      }
    }
  }
  out += '\n';
}

}  // namespace

BranchCode::Block BranchCode::block(const Walk& walk, uint64_t begin, uint64_t end) {
  Block block;
  if (begin == 0 || end == 0) return block;
  const uint64_t time = walk.sample.time;
  const CpuMode sampled = walk.sample.cpu_mode();
  block.mode = recording_.mode_of(sampled, time, VirtAddr{begin});
  if (block.mode != recording_.mode_of(sampled, time, VirtAddr{end})) {
    block.crosses = true;
  } else if (end - begin <= kLongestBlock) {  // wraps where the end is before
    block.code = code_.at(walk.state, time, block.mode, begin, end - begin + kLongestInstruction);
  }
  return block;
}

void BranchCode::tell_function(Walk& walk, CpuMode mode, uint64_t address) {
  const uint64_t time = walk.sample.time;
  const Mapping* mapping = recording_.mapping_of(walk.state, time, mode, VirtAddr{address});
  if (!mapping) return;
  const uint64_t in_dso = mapping->to_dso(VirtAddr{address});
  if (mapping->dso == walk.dso && in_dso >= walk.function_begin && in_dso < walk.function_end) {
    return;
  }
  const Symbol symbol = recording_.symbolizer().resolve(mapping->dso, in_dso);
  if (!symbol.found()) return;
  walk.dso = mapping->dso;
  walk.function_begin = symbol.start;
  walk.function_end = symbol.end;
  CodeLine line;
  line.kind = CodeLine::Kind::Function;
  line.address = address;
  line.function = recording_.strings()[symbol.name];
  line.offset = in_dso - symbol.start;
  walk.visit(line);
}

size_t BranchCode::tell_instruction(Walk& walk, const Code& code, size_t offset, uint64_t address,
                                    bool* is_branch) {
  const auto bytes = rest(code, offset);
  const auto found = code.disassembler->decode(bytes);
  CodeLine line;
  line.address = address;
  line.bytes = bytes.first(found ? found->length : 0);
  if (is_branch) *is_branch = found && found->branch;
  walk.visit(line);
  return line.bytes.size();
}

void BranchCode::tell_jump(Walk& walk, const Code& code, size_t offset, uint64_t address,
                           const Branch& branch, uint32_t instructions) {
  const auto bytes = rest(code, offset);
  const auto found = code.disassembler->decode(bytes);
  walk.total_cycles += branch.cycles;
  CodeLine line;
  line.address = address;
  line.bytes = bytes.first(found ? found->length : 0);
  line.branch = &branch;
  line.instructions = instructions;
  line.total_cycles = walk.total_cycles;
  walk.visit(line);
}

/// From where the branch before led to, to where this one was taken.
void BranchCode::walk_to_branch(Walk& walk, const Block& block, uint64_t begin,
                                const Branch& branch) {
  uint32_t instructions = 0;
  size_t offset = 0;
  while (offset < block.code.bytes.size()) {
    const uint64_t address = begin + offset;
    tell_function(walk, block.mode, address);
    ++instructions;
    if (address == branch.from) {
      tell_jump(walk, block.code, offset, address, branch, instructions);
      break;
    }
    const size_t length = tell_instruction(walk, block.code, offset, address);
    if (length == 0) break;
    offset += length;
  }
  if (offset == branch.from - begin) return;
  CodeLine line;
  line.kind = CodeLine::Kind::Mismatch;
  walk.visit(line);
}

/// From where the last branch led to, to the sampled instruction; or, where a branch in between was
/// not recorded, as the processor is late with them, to the first one there is.
void BranchCode::walk_to_sample(Walk& walk) {
  const uint64_t begin = branches_.front().to;
  uint64_t end = walk.sample.ip;
  if (end < begin) end = begin + kSearched;
  const Block last = block(walk, begin, end);
  tell_function(walk, recording_.mode_of(walk.sample.cpu_mode(), walk.sample.time, VirtAddr{begin}),
                begin);
  if (last.code.bytes.empty()) {
    const Block sampled = block(walk, walk.sample.ip, walk.sample.ip);
    if (!sampled.code.bytes.empty()) {
      tell_instruction(walk, sampled.code, 0, walk.sample.ip);
    }
    return;
  }
  for (size_t offset = 0; offset <= end - begin;) {
    bool is_branch = false;
    const size_t length = tell_instruction(walk, last.code, offset, begin + offset, &is_branch);
    if (length == 0) return;
    if (is_branch && begin + offset != walk.sample.ip) {
      CodeLine line;
      line.kind = CodeLine::Kind::MissingBranch;
      walk.visit(line);
      return;
    }
    offset += length;
  }
}

void BranchCode::for_each(const SampleRecord& sample, const ThreadState& state,
                          const Visit& visit) {
  branches_.clear();
  for_each_branch(sample.branch_stack, recording_.reader().swapped(),
                  [this](const Branch& branch) { branches_.push_back(branch); });
  if (branches_.empty()) return;
  Walk walk{sample, state, visit};
  // Of the oldest branch nobody knows what ran before it.
  const Branch& oldest = branches_.back();
  const Block first = block(walk, oldest.from, oldest.from);
  if (!first.code.bytes.empty()) {
    tell_function(walk, first.mode, oldest.from);
    tell_jump(walk, first.code, 0, oldest.from, oldest, 0);
  }
  size_t walked = 0;
  for (size_t i = branches_.size() - 1; i-- > 0;) {
    const uint64_t begin = branches_[i + 1].to;
    Block between = block(walk, begin, branches_[i].from);
    // The way into the kernel may be filtered out although the way back is not.
    if (between.crosses && i > 0) between = block(walk, begin, branches_[--i].from);
    if (!between.code.bytes.empty()) walk_to_branch(walk, between, begin, branches_[i]);
    walked += between.code.bytes.size();
    if (walked > kMostCode) {
      CodeLine line;
      line.kind = CodeLine::Kind::TooMuch;
      return visit(line);
    }
  }
  const Branch& newest = branches_.front();
  // If that is where the sample was taken, its target has not run yet.
  if (newest.from != sample.ip && !newest.abort) walk_to_sample(walk);
}

void BranchCode::append(const SampleRecord& sample, const ThreadState& state, bool lengths,
                        std::string& out) {
  if (sample.branch_stack.empty()) return;
  out += '\n';
  for_each(sample, state, [&](const CodeLine& line) {
    switch (line.kind) {
      case CodeLine::Kind::Function:
        out += '\t';
        out += line.function;
        if (line.offset != 0) out += fmt::format("+{}", line.offset);
        out += ":\n";
        break;
      case CodeLine::Kind::Instruction:
        append_instruction(line, lengths, out);
        break;
      case CodeLine::Kind::Mismatch:
        out += "\tmismatch of LBR data and executable\n";
        break;
      case CodeLine::Kind::TooMuch:
        out += "\t... more than a MiB of code ...\n";
        break;
      case CodeLine::Kind::MissingBranch:
        out += "\t... not reaching sample ...\n";
        break;
    }
  });
}

}  // namespace prof
