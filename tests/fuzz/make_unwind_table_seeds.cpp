// Writes the seeds of corpus/unwind_table: make_unwind_table_seeds FOLDER.
#include <cstdio>
#include <fstream>
#include <string>

#include "support/cfi_builder.h"
#include "support/elf_builder.h"

using namespace prof;
using test::BuilderCie;
using test::CfiBuilder;
using test::ElfBuilder;

namespace {

constexpr uint64_t kText = 0x1000, kEhFrame = 0x4000;

const test::Bytes kFunction = {0x41, 0x0e, 16,   0x86, 2,    0x43, 0x0d, 6,    0x41, 0x83,
                               3,    0x0a, 0x02, 0x20, 0x0c, 7,    8,    0x41, 0x0b};
const test::Bytes kExpressions = {0x0f, 3, 0x76, 0x78, 6, 0x10, 6, 2,    0x76, 0,  0x41,
                                  0x0f, 5, 0x77, 40,   6, 0x23, 8, 0x41, 0x09, 16, 2};
const test::Bytes kPlt = {0x0f, 11, 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22};
const test::Bytes kSignal = {0x0f, 4, 0x77, 0xa0, 1, 6};

void write(const std::string& folder, const char* name, const ElfBuilder& elf) {
  const auto bytes = elf.bytes();
  std::ofstream(folder + "/" + name, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

ElfBuilder with_code(uint16_t machine) {
  ElfBuilder elf;
  elf.machine(machine).entry(kText + 0x80);
  std::vector<std::byte> code(0x100, std::byte{0x90});
  elf.load(elf.section({".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, kText, code}));
  return elf;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  const std::string folder = argv[1];
  BuilderCie signal;
  signal.augmentation = "zRS";
  ElfBuilder x86 = with_code(EM_X86_64);
  const auto eh_frame = CfiBuilder(kEhFrame)
                            .cie()
                            .fde(kText, 0x40, kFunction)
                            .fde(kText + 0x40, 0x10, kExpressions)
                            .fde(kText + 0x50, 0x10, kPlt)
                            .cie(signal)
                            .fde(kText + 0x60, 0x10, kSignal)
                            .terminator()
                            .bytes();
  x86.load(x86.section({".eh_frame", SHT_PROGBITS, SHF_ALLOC, kEhFrame, eh_frame}));
  write(folder, "eh_frame", x86);

  ElfBuilder debug = with_code(EM_X86_64);
  BuilderCie cie;
  cie.version = 4;
  cie.augmentation = "";
  debug.section({".debug_frame", SHT_PROGBITS, 0, 0,
                 CfiBuilder(0, true).cie(cie).fde(kText, 0x40, kFunction).bytes()});
  debug.section({".plt", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, kText + 0x80,
                 std::vector<std::byte>(32, std::byte{0xff})});
  write(folder, "debug_frame", debug);

  ElfBuilder arm = with_code(EM_AARCH64);
  const BuilderCie arm_cie{.return_register = 30, .instructions = {0x0c, 31, 0}};
  arm.load(arm.section({".eh_frame", SHT_PROGBITS, SHF_ALLOC, kEhFrame,
                        CfiBuilder(kEhFrame)
                            .cie(arm_cie)
                            .fde(kText, 0x40, {0x41, 0x0e, 32, 0x9d, 4, 0x9e, 3, 0x2d})
                            .bytes()}));
  write(folder, "aarch64", arm);

  ElfBuilder none = with_code(EM_X86_64);
  const auto header = test::eh_frame_header(0x5000, kEhFrame);
  none.load(none.section({".eh", SHT_PROGBITS, SHF_ALLOC, kEhFrame, eh_frame}));
  const uint16_t section = none.section({".hdr", SHT_PROGBITS, SHF_ALLOC, 0x5000, header});
  none.load(section);
  none.segment(PT_GNU_EH_FRAME, none.offset_of(section), 0x5000, header.size());
  write(folder, "by-segment", none);
}
