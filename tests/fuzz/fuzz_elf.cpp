// Any bytes as an ELF file: headers, build id, symbol tables, PLT, and a search in the result.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "object/elf_file.h"
#include "symbolize/elf_symbols.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto image = std::as_bytes(std::span(data, size));
  auto file = prof::ElfFile::parse(image, "fuzz");
  if (!file) return 0;
  file->build_id();
  for (const prof::ElfSection& section : file->sections()) {
    const size_t relocations = std::min<size_t>(file->relocation_count(section), 100);
    for (size_t i = 0; i < relocations; ++i) file->relocation(section, i);
  }
  const auto shared = std::make_shared<const prof::ElfFile>(std::move(*file));
  for (const auto space :
       {prof::SymbolSpace::FileOffset, prof::SymbolSpace::ElfAddr, prof::SymbolSpace::Module}) {
    const auto table = prof::load_elf_symbols(shared, shared, space);
    for (const auto& entry : table.entries()) {
      const uint32_t found = table.find(entry.start);
      if (found != prof::SymbolTable::kNotFound && table.name(found).size() > size + 64)
        __builtin_trap();
    }
  }
  return 0;
}
