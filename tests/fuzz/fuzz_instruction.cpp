// Code: a byte that says of which machine, then bytes that may be anything, an instruction at each.
#include <elf.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "object/disassembler.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr std::array<uint16_t, 3> kMachines = {EM_X86_64, EM_386, EM_AARCH64};
  if (size == 0) return 0;
  const auto machine = prof::Disassembler::make(kMachines[data[0] % kMachines.size()]);
  auto code = std::as_bytes(std::span(data + 1, size - 1));
  while (!code.empty()) {
    const auto found = machine->decode(code);
    if (found && (found->length == 0 || found->length > code.size())) std::abort();
    const size_t length = found ? found->length : 1;
    // What is no instruction to one decoder may be one to the other.
    machine->text(code.first(length), 0x401000);
    code = code.subspan(length);
  }
  return 0;
}
