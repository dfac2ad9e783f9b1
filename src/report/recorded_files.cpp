#include "report/recorded_files.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace prof {

namespace {

using Kind = SimpleperfFile::Kind;

/// The linker's copies of what is in libc, too, have a prefix, in front of the mangled name.
std::string own_name(std::string_view name) {
  constexpr std::string_view kOfLinker = "__dl_";
  return std::string(name.starts_with(kOfLinker) ? name.substr(kOfLinker.size()) : name);
}

/// By address. A symbol without a length goes to the next one, as simpleperf has it.
std::vector<RecordedSymbol> shifted(const std::vector<SimpleperfFile::Symbol>& symbols,
                                    uint64_t shift) {
  std::vector<RecordedSymbol> out;
  out.reserve(symbols.size());
  for (const auto& symbol : symbols) {
    out.push_back({symbol.start + shift, symbol.length, own_name(symbol.name)});
  }
  std::ranges::stable_sort(out, {}, &RecordedSymbol::start);
  for (size_t i = 0; i + 1 < out.size(); ++i) {
    if (out[i].length == 0) out[i].length = out[i + 1].start - out[i].start;
  }
  return out;
}

}  // namespace

void RecordedFiles::note_record(const RecordView& view, bool swap, Symbolizer& symbolizer) {
  if (view.header.type != kRecordKernelSymbol) return records_.add(view, swap);
  const auto text = simpleperf_blob(view, swap);
  if (!text || text->empty()) return;
  const auto* first = reinterpret_cast<const char*>(text->data());
  symbolizer.set_recorded_kallsyms({first, first + text->size()});
}

/// The lowest offset is that of the code proper: later ones are parts whose protection changed.
void RecordedFiles::note_code(const Mapping& mapping) {
  const Code code{raw(mapping.start), raw(mapping.offset), mapping.absolute};
  const auto [known, added] = codes_.try_emplace(mapping.dso.value, code);
  if (!added && code.offset < known->second.offset) known->second = code;
}

/// What is to be added to a linked address for one that the Symbolizer is asked for: an offset in
/// the file, or, of a module and of generated code, the address itself
/// (simpleperf/dso.cpp, IpToVaddrInFile).
uint64_t RecordedFiles::shift_of(const SimpleperfFile& file, DsoId dso) const {
  const auto found = codes_.find(dso.value);
  const Code code = found == codes_.end() ? Code{} : found->second;
  if (file.kind == Kind::KernelModule) {
    return code.start + file.min_vaddr_offset.value_or(0) - file.min_vaddr;
  }
  if (file.kind == Kind::Dex || code.absolute) return 0;
  return file.min_vaddr_offset.value_or(code.offset) - file.min_vaddr;
}

void RecordedFiles::add(const SimpleperfFile& file, const DsoTable& dsos,
                        const std::unordered_map<std::string_view, std::vector<DsoId>>& by_name,
                        Symbolizer& symbolizer) const {
  if (file.symbols.empty()) return;
  if (file.kind == Kind::Kernel) {
    for (RecordedSymbol& symbol : shifted(file.symbols, 0)) {
      symbolizer.add_kernel_symbol(std::move(symbol));
    }
    return;
  }
  const auto named = by_name.find(file.path);
  if (named == by_name.end()) return;
  for (const DsoId dso : named->second) {
    const bool in_kernel = dsos[dso].kind == DsoKind::KernelModule;
    if (in_kernel != (file.kind == Kind::KernelModule)) continue;
    symbolizer.add_recorded_table(dso, shifted(file.symbols, shift_of(file, dso)));
  }
}

bool RecordedFiles::finish(const Features& features, bool swap, const DsoTable& dsos,
                           Symbolizer& symbolizer) {
  if (features.simpleperf_files.empty() && records_.files().empty()) return true;
  std::unordered_map<std::string_view, std::vector<DsoId>> by_name;
  for (uint32_t i = 0; i < dsos.size(); ++i) by_name[dsos[DsoId{i}].name].push_back(DsoId{i});
  for (const SimpleperfFile& file : records_.files()) add(file, dsos, by_name, symbolizer);
  const SimpleperfFiles decoded =
      decode_simpleperf_files(features.simpleperf_files, features.simpleperf_files2, swap);
  for (const SimpleperfFile& file : decoded.files) add(file, dsos, by_name, symbolizer);
  return !decoded.damaged;
}

}  // namespace prof
