// The frames that DwarfSource, and llvm-symbolizer as its oracle, give for every byte of a
// program's code. Used by the tests of DWARF.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "object/debug_file.h"
#include "support/toolbox.h"

namespace prof::test {

struct Frame {
  std::string name;
  std::string file;
  uint32_t line = 0;
  bool inlined = false;
};
using Frames = std::vector<Frame>;  // innermost first

/// Each address of .text, or a few thousand spread over it.
std::vector<uint64_t> code_addresses(const std::string& path);

/// `options` say where debug files are; by default only beside the program.
std::vector<Frames> resolve_frames(
    const std::string& path, const std::vector<uint64_t>& addresses,
    DebugFileOptions options = {"", "/nonexistent", "/nonexistent", {}}, unsigned threads = 0,
    uint64_t hold_up_to = 0);

/// Empty if the tool is missing.
std::vector<Frames> llvm_frames(const Toolbox& box, const std::string& name,
                                const std::vector<uint64_t>& addresses);

/// "f at a.c:3 < main at a.c:9", for messages.
std::string describe(const Frames& frames);

/// How often two answers differ; the first few differences are in `said`. LLVM prefers the
/// symbol table's name for the outermost function: mangled where DWARF has a plain one, or with a
/// suffix (".cold").
size_t count_differences(const std::vector<uint64_t>& addresses, const std::vector<Frames>& ours,
                         const std::vector<Frames>& theirs, std::string& said);

}  // namespace prof::test
