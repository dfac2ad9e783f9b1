#include "support/source_frames.h"

#include <cstdlib>
#include <sstream>

#include "symbolize/dwarf_source.h"

namespace prof::test {

namespace {

constexpr uint64_t kMostAddresses = 5000;

const char* llvm_symbolizer() {
  for (const char* name : {"llvm-symbolizer-14", "llvm-symbolizer"}) {
    if (std::system((std::string("command -v ") + name + " >/dev/null 2>&1").c_str()) == 0) {
      return name;
    }
  }
  return nullptr;
}

/// DWARF's name of a function as against the symbol table's.
bool same_function(const std::string& ours, const std::string& theirs) {
  if (ours == "operator()") return theirs.find("cl") != std::string::npos;
  return theirs.find(ours) != std::string::npos;
}

bool same_frame(const Frame& ours, const Frame& theirs, bool outermost) {
  const bool same_name =
      outermost ? same_function(ours.name, theirs.name) : ours.name == theirs.name;
  if (!same_name || ours.line != theirs.line) return false;
  // Without a line LLVM names the file that the symbol table tells.
  return ours.file == theirs.file || (ours.line == 0 && ours.file.empty());
}

}  // namespace

std::vector<uint64_t> code_addresses(const std::string& path) {
  std::vector<uint64_t> addresses;
  const auto file = ElfFile::open(path);
  const ElfSection* text = file ? file->section(".text") : nullptr;
  const uint64_t step = text ? text->size / kMostAddresses + 1 : 1;
  for (uint64_t i = 0; text && i < text->size; i += step) addresses.push_back(text->addr + i);
  return addresses;
}

std::vector<Frames> resolve_frames(const std::string& path, const std::vector<uint64_t>& addresses,
                                   DebugFileOptions options, unsigned threads,
                                   uint64_t hold_up_to) {
  std::vector<Frames> result(addresses.size());
  auto file = ElfFile::open(path);
  if (!file) return result;
  DebugFileFinder finder(std::move(options));
  const auto files =
      finder.find(std::make_shared<const ElfFile>(std::move(*file)), path, DebugNeed::All);
  auto source = DwarfSource::open(files, {"", threads, hold_up_to});
  if (!source) return result;
  std::vector<ElfAddr> asked;
  for (const uint64_t address : addresses) asked.push_back(ElfAddr{address});
  source->resolve(asked, [&](size_t index, std::span<const SourceFrame> frames) {
    for (const SourceFrame& f : frames) {
      result[index].push_back({std::string(f.name), std::string(f.file), f.line, f.inlined});
    }
  });
  return result;
}

std::vector<Frames> llvm_frames(const Toolbox& box, const std::string& name,
                                const std::vector<uint64_t>& addresses) {
  const char* tool = llvm_symbolizer();
  if (!tool) return {};
  std::ostringstream input;
  for (const uint64_t address : addresses) input << "0x" << std::hex << address << '\n';
  box.write("addresses", input.str());
  std::istringstream output(
      box.output_of(std::string(tool) +
                    " --no-demangle --inlines --functions=linkage --obj=" + name + " < addresses"));
  std::vector<Frames> result(1);
  std::string function, place;
  while (std::getline(output, function)) {
    if (function.empty()) {
      result.emplace_back();
      continue;
    }
    std::getline(output, place);
    const size_t column = place.rfind(':');
    const size_t line = place.rfind(':', column - 1);
    Frame frame{function, place.substr(0, line),
                static_cast<uint32_t>(std::strtoul(place.c_str() + line + 1, nullptr, 10)), false};
    if (frame.file == "??") frame.file.clear();
    if (frame.name == "??") frame.name.clear();
    result.back().push_back(frame);
  }
  result.pop_back();
  return result;
}

std::string describe(const Frames& frames) {
  std::ostringstream out;
  for (size_t i = 0; i < frames.size(); ++i) {
    const Frame& f = frames[i];
    out << (i ? " < " : "") << (f.name.empty() ? "?" : f.name) << " at " << f.file << ':' << f.line;
  }
  return frames.empty() ? "nothing" : out.str();
}

size_t count_differences(const std::vector<uint64_t>& addresses, const std::vector<Frames>& ours,
                         const std::vector<Frames>& theirs, std::string& said) {
  size_t differences = 0;
  for (size_t i = 0; i < addresses.size() && i < theirs.size(); ++i) {
    Frames mine = ours[i];
    if (mine.empty()) mine.emplace_back();  // LLVM prints "??" then
    bool same = mine.size() == theirs[i].size();
    for (size_t f = 0; same && f < mine.size(); ++f) {
      same = same_frame(mine[f], theirs[i][f], f + 1 == mine.size());
    }
    if (same) continue;
    if (++differences > 3) continue;
    std::ostringstream text;
    text << std::hex << addresses[i] << ": " << describe(ours[i]) << "\n    not "
         << describe(theirs[i]) << '\n';
    said += text.str();
  }
  return differences;
}

}  // namespace prof::test
