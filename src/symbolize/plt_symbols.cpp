// A stub jumps through a slot of the global offset table; the relocation of that slot names the
// function. On x86-64 the jump is read from the stub itself, which holds for every linker and for
// the IBT forms (.plt.sec, .plt.got); elsewhere stubs are taken to stand in relocation order.
//
//   .plt      pushq GOT+8; jmpq *GOT+16        header, of lazy binding
//             jmpq *slot(%rip); pushq n; jmpq .plt
//   .plt.sec  endbr64; [bnd] jmpq *slot(%rip)
//
// Here prof departs from perf 6.1, as later perfs do: that one counts stubs in .plt in relocation
// order, which misnames those of IBT and of indirect functions, knows no .plt.got, and for many
// files gives the whole section to _init, the symbol before it.
#include "symbolize/plt_symbols.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>

#include "common/byte_reader.h"

namespace prof {

namespace {

class PltReader {
 public:
  explicit PltReader(const ElfFile& file) : file_(file) {}

  std::vector<PltSymbol> read() {
    if (file_.machine() == EM_X86_64) {
      read_by_jumps();
    } else {
      read_by_order();
    }
    return std::move(result_);
  }

 private:
  void read_by_jumps();
  void read_section_by_jumps(const ElfSection& section);
  void read_by_order();
  void collect_slots(const ElfSection& relocations);
  void add_stub(const ElfSection& relocations, const ElfRelocation& relocation,
                const ElfSection& section, uint64_t offset, uint64_t size);

  struct Slot {
    const ElfSection* section;
    ElfRelocation relocation;
  };
  const ElfFile& file_;
  std::unordered_map<uint64_t, Slot> slots_;  // by the address they fill
  std::vector<PltSymbol> result_;
};

bool is_relocations(const ElfSection* section) {
  return section && (section->type == SHT_RELA || section->type == SHT_REL);
}

/// How far from the stub's start its slot is; nothing if it is no jump through memory.
std::optional<int64_t> jump_distance(std::span<const std::byte> stub) {
  const auto is = [&](size_t at, uint8_t value) {
    return at < stub.size() && stub[at] == std::byte{value};
  };
  size_t at = 0;
  if (is(0, 0xf3) && is(1, 0x0f) && is(2, 0x1e) && is(3, 0xfa)) at = 4;  // endbr64
  if (is(at, 0xf2)) ++at;                                                // bnd
  if (!is(at, 0xff) || !is(at + 1, 0x25) || stub.size() < at + 6) return std::nullopt;
  ByteReader displacement(stub.subspan(at + 2, 4));  // x86 is little-endian, as are we
  return static_cast<int64_t>(at) + 6 + displacement.i32();
}

void PltReader::add_stub(const ElfSection& relocations, const ElfRelocation& relocation,
                         const ElfSection& section, uint64_t offset, uint64_t size) {
  PltSymbol stub{ElfAddr{section.addr + offset}, size, {}, {}};
  if (relocation.symbol != 0 && relocations.link < file_.sections().size()) {
    const ElfSection& table = file_.sections()[relocations.link];
    const ElfSymbol symbol = file_.symbol(table, relocation.symbol);
    stub.name = elf_string(file_.strings_of(table), symbol.name);
  }
  if (!stub.name.empty()) {
    stub.name += "@plt";
  } else {
    stub.name = fmt::format("offset_{:#x}@plt", section.offset + offset);
    if (file_.machine() == EM_X86_64 && relocation.type == R_X86_64_IRELATIVE) {
      stub.resolver = ElfAddr{static_cast<uint64_t>(relocation.addend)};
    }
  }
  result_.push_back(std::move(stub));
}

void PltReader::collect_slots(const ElfSection& relocations) {
  const size_t count = file_.relocation_count(relocations);
  for (size_t i = 0; i < count; ++i) {
    const ElfRelocation relocation = file_.relocation(relocations, i);
    if (relocation.type == R_X86_64_JUMP_SLOT || relocation.type == R_X86_64_GLOB_DAT ||
        relocation.type == R_X86_64_IRELATIVE) {
      slots_.try_emplace(relocation.offset, Slot{&relocations, relocation});
    }
  }
}

void PltReader::read_by_jumps() {
  const ElfSection* got_stubs = file_.section(".plt.got");
  if (const ElfSection* r = file_.section(".rela.plt"); is_relocations(r)) collect_slots(*r);
  if (got_stubs) {
    if (const ElfSection* r = file_.section(".rela.dyn"); is_relocations(r)) collect_slots(*r);
  }
  for (const ElfSection* section : {file_.section(".plt"), got_stubs, file_.section(".plt.sec")}) {
    if (section) read_section_by_jumps(*section);
  }
}

void PltReader::read_section_by_jumps(const ElfSection& section) {
  const auto code = file_.contents(section);
  size_t step = static_cast<size_t>(section.entsize);
  if (step != 8 && step != 16) step = section.align == 8 ? 8 : 16;
  for (size_t at = 0; at < code.size(); at += step) {
    const auto stub = code.subspan(at, std::min(step, code.size() - at));
    const auto distance = jump_distance(stub);
    const auto slot =
        distance ? slots_.find(section.addr + at + static_cast<uint64_t>(*distance)) : slots_.end();
    const ElfAddr start{section.addr + at};
    if (slot != slots_.end()) {
      const Slot& found = slot->second;
      add_stub(*found.section, found.relocation, section, at, stub.size());
    } else if (!result_.empty() && result_.back().name == section.name &&
               raw(result_.back().start) + result_.back().size == raw(start)) {
      result_.back().size += stub.size();
    } else {
      result_.push_back({start, stub.size(), std::string(section.name), {}});
    }
  }
}

void PltReader::read_by_order() {
  const ElfSection* plt = file_.section(".plt");
  const ElfSection* relocations = file_.section(".rela.plt");
  if (!relocations) relocations = file_.section(".rel.plt");
  if (!plt || !is_relocations(relocations)) return;
  uint64_t header = plt->entsize;
  uint64_t step = plt->entsize;
  switch (file_.machine()) {
    case EM_ARM:
      header = 20;
      step = 12;
      break;
    case EM_AARCH64:
      header = 32;
      step = 16;
      break;
    case EM_386:
      header = step = 16;
      break;
    default:
      break;
  }
  const uint64_t size = file_.contents(*plt).size();
  if (step == 0 || header > size) return;
  const size_t count = file_.relocation_count(*relocations);
  if (count <= size / step && count * step == size) header = 0;  // bound at start: no header
  if (header > 0) result_.push_back({ElfAddr{plt->addr}, header, ".plt", {}});
  uint64_t at = header;
  for (size_t i = 0; i < count && step <= size - at; ++i, at += step) {
    add_stub(*relocations, file_.relocation(*relocations, i), *plt, at, step);
  }
}

}  // namespace

std::vector<PltSymbol> plt_symbols(const ElfFile& file) {
  return PltReader(file).read();
}

}  // namespace prof
