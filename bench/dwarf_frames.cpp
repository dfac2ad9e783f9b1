// dwarf_frames FILE < ADDRESSES: the source frames of each address, as llvm-symbolizer prints them
// (without columns). For bench/dwarf.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "symbolize/dwarf_source.h"

namespace {

int fail_with(const std::string& message) {
  std::fprintf(stderr, "dwarf_frames: %s\n", message.c_str());
  return 1;
}

std::string_view or_unknown(std::string_view text) {
  return text.empty() ? "??" : text;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return fail_with("usage: dwarf_frames FILE < ADDRESSES");
  auto file = prof::ElfFile::open(argv[1]);
  if (!file) return fail_with(file.error().message);
  prof::DebugFileFinder finder({});
  const auto files = finder.find(std::make_shared<const prof::ElfFile>(std::move(*file)), argv[1],
                                 prof::DebugNeed::All);
  auto source = prof::DwarfSource::open(files);
  if (!source) return fail_with(source.error().message);
  std::vector<prof::ElfAddr> addresses;
  for (std::string line; std::getline(std::cin, line);) {
    addresses.push_back(prof::ElfAddr{std::strtoull(line.c_str(), nullptr, 16)});
  }
  if (!std::ranges::is_sorted(addresses)) return fail_with("the addresses are not in order");
  std::string out;
  source->resolve(addresses, [&](size_t, std::span<const prof::SourceFrame> frames) {
    for (const prof::SourceFrame& frame : frames) {
      fmt::format_to(std::back_inserter(out), "{}\n{}:{}\n", or_unknown(frame.name),
                     or_unknown(frame.file), frame.line);
    }
    out += frames.empty() ? "??\n??:0\n\n" : "\n";
  });
  std::fwrite(out.data(), 1, out.size(), stdout);
  return 0;
}
