#include "symbolize/symbolizer.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "object/debug_file.h"
#include "symbolize/code_image.h"
#include "symbolize/demangle.h"
#include "symbolize/dwarf_source.h"
#include "symbolize/jitdump.h"
#include "symbolize/kept_calls.h"
#include "symbolize/short_name.h"
#include "symbolize/symbol_source.h"

namespace prof {

namespace {

SymbolTable table_of(std::span<const RecordedSymbol> symbols) {
  auto names = std::make_shared<std::vector<char>>();
  std::vector<SymbolTable::Entry> entries;
  entries.reserve(symbols.size());
  for (const RecordedSymbol& symbol : symbols) {
    const auto offset = static_cast<uint32_t>(names->size());
    names->insert(names->end(), symbol.name.begin(), symbol.name.end());
    names->push_back('\0');
    const uint64_t length = std::min(symbol.length, UINT64_MAX - symbol.start);
    entries.push_back({symbol.start, symbol.start + length, offset, {}});
  }
  const std::string_view text(names->data(), names->size());
  return {std::move(entries), SymbolTable::Overlap::LastAdded, text, std::move(names)};
}

}  // namespace

struct Symbolizer::Impl {
  Impl(const DsoTable& dso_table, StringTable& string_table, SymbolizerOptions opts)
      : dsos(dso_table),
        strings(string_table),
        options(std::move(opts)),
        finder({options.symfs, options.debug_root, options.perf_cache, options.debuginfod,
                options.cache}) {}

  /// A source and how often it was asked; opened by the first question.
  struct Slot {
    std::optional<SymbolSource> source;
    uint64_t asked = 0;
  };

  Symbol resolve(DsoId dso, uint64_t address);
  Symbol look_up(SymbolSource& source, uint64_t address);
  Symbol take(const RecordedName& name);
  Slot& slot_of(DsoId dso);
  Slot& kernel_slot();
  void open_kernel_list();
  std::optional<Symbol> look_up_module(DsoId dso, uint64_t address);
  void index_recorded();
  StringId intern_name(SymbolSource& source, uint32_t index);
  std::string readable(std::string_view name) const;

  const DsoTable& dsos;
  StringTable& strings;
  SymbolizerOptions options;
  DebugFileFinder finder;
  KernelInfo kernel;
  std::vector<Slot> files;                               // by DsoId
  std::unordered_map<uint32_t, uint64_t> module_starts;  // by DsoId
  std::unordered_map<uint32_t, std::shared_ptr<const JitDump>> jitdumps;
  // All kernel and module DSOs share these.
  Slot kernel_image;
  Slot cached_kernel;
  Slot kallsyms;
  std::optional<std::shared_ptr<const CodeImage>> kernel_code;
  const RecordedNames* recorded_names = nullptr;
  std::vector<RecordedSymbol> recorded;
  bool recorded_changed = false;
  SymbolSource recorded_source;
  std::unordered_map<uint32_t, SymbolSource> recorded_tables;  // by DsoId
  std::vector<char> recorded_kallsyms;
};

std::string Symbolizer::Impl::readable(std::string_view name) const {
  if (options.demangle == Demangle::None) return std::string(name);
  constexpr std::string_view kPlt = "@plt";
  const bool stub = name.ends_with(kPlt);
  const std::string_view mangled = stub ? name.substr(0, name.size() - kPlt.size()) : name;
  const auto style = options.demangle == Demangle::Full && !options.short_names
                         ? DemangleStyle::Full
                         : DemangleStyle::Names;
  auto result = demangle(mangled, style);
  if (!result) return std::string(name);
  if (options.short_names) *result = short_name(*result);
  if (stub) *result += kPlt;
  return std::move(*result);
}

StringId Symbolizer::Impl::intern_name(SymbolSource& source, uint32_t index) {
  StringId id = source.table[index].interned;
  if (id.valid()) return id;
  const std::string_view name = source.table.name(index);
  id = source.mangled ? strings.intern(readable(name)) : strings.intern(name);
  source.table.set_interned(index, id);
  return id;
}

Symbol Symbolizer::Impl::look_up(SymbolSource& source, uint64_t address) {
  Symbol symbol;
  symbol.miss = source.miss;
  if (source.miss != MissReason::None) return symbol;
  const uint32_t index = source.table.find(address - source.bias);
  if (index == SymbolTable::kNotFound) {
    symbol.miss = MissReason::NotFound;
    return symbol;
  }
  symbol.start = source.table[index].start + source.bias;
  symbol.end = source.table[index].end + source.bias;
  symbol.data = source.table[index].data;
  symbol.name = intern_name(source, index);
  return symbol;
}

/// Recorded symbols as a table of their own; what was registered last is what is there.
void Symbolizer::Impl::index_recorded() {
  recorded_changed = false;
  recorded_source.table = table_of(recorded);
}

Symbolizer::Impl::Slot& Symbolizer::Impl::slot_of(DsoId id) {
  const Dso& dso = dsos[id];
  if (dso.kind == DsoKind::Kernel) return kernel_slot();
  if (dso.kind == DsoKind::KernelModule) {
    open_kernel_list();
    return kallsyms;
  }
  if (files.size() < dsos.size()) files.resize(dsos.size());
  Slot& slot = files[id.value];
  if (!slot.source) slot.source = open_source(dso, kernel, options, finder);
  return slot;
}

void Symbolizer::Impl::open_kernel_list() {
  if (kallsyms.source) return;
  kallsyms.source = recorded_kallsyms.empty() ? open_kallsyms(kernel, options)
                                              : open_recorded_kallsyms(recorded_kallsyms);
}

/// A name that came with the recording.
Symbol Symbolizer::Impl::take(const RecordedName& name) {
  Symbol symbol;
  symbol.start = name.start;
  symbol.end = name.end;
  symbol.miss = static_cast<MissReason>(std::min<size_t>(name.miss, kMissReasons - 1));
  if (name.name.empty() && symbol.found()) symbol.miss = MissReason::NotFound;
  if (!symbol.found()) return symbol;
  symbol.name = strings.intern(name.mangled ? readable(name.name) : std::string(name.name));
  return symbol;
}

/// The image that was asked for, kallsyms, or the image that belongs to a kernel without it.
Symbolizer::Impl::Slot& Symbolizer::Impl::kernel_slot() {
  if (options.vmlinux_path.empty()) {
    open_kernel_list();
    if (kallsyms.source->miss == MissReason::None) return kallsyms;
  }
  if (!kernel_image.source) kernel_image.source = open_kernel_image(kernel, options, finder);
  const bool found = kernel_image.source->miss == MissReason::None;
  return found || !options.vmlinux_path.empty() ? kernel_image : kallsyms;
}

/// By the module's own file, as kallsyms does not know it where it was.
std::optional<Symbol> Symbolizer::Impl::look_up_module(DsoId id, uint64_t address) {
  const auto start = module_starts.find(id.value);
  if (start == module_starts.end()) return std::nullopt;
  if (files.size() < dsos.size()) files.resize(dsos.size());
  Slot& slot = files[id.value];
  if (!slot.source) slot.source = open_module(dsos[id], start->second, kernel, options);
  const Symbol symbol = look_up(*slot.source, address);
  return slot.source->miss == MissReason::None ? std::optional(symbol) : std::nullopt;
}

Symbol Symbolizer::Impl::resolve(DsoId id, uint64_t address) {
  if (id.value >= dsos.size()) return {{}, 0, 0, false, MissReason::NoDso};
  if (recorded_names) {
    if (const RecordedName* name = recorded_names->find(dsos[id], address)) return take(*name);
  }
  const DsoKind kind = dsos[id].kind;
  if (!recorded_tables.empty()) {
    const auto table = recorded_tables.find(id.value);
    if (table != recorded_tables.end()) {
      if (const Symbol symbol = look_up(table->second, address); symbol.found()) return symbol;
    }
  }
  if (!recorded.empty() && (kind == DsoKind::Kernel || kind == DsoKind::KernelModule)) {
    if (recorded_changed) index_recorded();
    if (const Symbol symbol = look_up(recorded_source, address); symbol.found()) return symbol;
  }
  if (kind == DsoKind::Kernel && options.vmlinux_path.empty() && recorded_kallsyms.empty()) {
    if (!cached_kernel.source) cached_kernel.source = open_cached_kernel(kernel, options);
    if (const Symbol symbol = look_up(*cached_kernel.source, address); symbol.found()) {
      return symbol;
    }
  }
  Slot& slot = slot_of(id);
  const Symbol symbol = look_up(*slot.source, address);
  if (kind == DsoKind::KernelModule && !symbol.found()) {
    if (const auto own = look_up_module(id, address)) return *own;
  }
  ++slot.asked;
  return symbol;
}

Symbolizer::Symbolizer(const DsoTable& dsos, StringTable& strings, SymbolizerOptions options)
    : impl_(std::make_unique<Impl>(dsos, strings, std::move(options))) {}
Symbolizer::~Symbolizer() = default;
Symbolizer::Symbolizer(Symbolizer&&) noexcept = default;

void Symbolizer::set_kernel(const KernelInfo& kernel) {
  impl_->kernel = kernel;
  impl_->kernel_image = {};
  impl_->cached_kernel = {};
  impl_->kallsyms = {};
}

void Symbolizer::add_kernel_symbol(RecordedSymbol symbol) {
  impl_->recorded.push_back(std::move(symbol));
  impl_->recorded_changed = true;
}

void Symbolizer::add_recorded_table(DsoId dso, std::vector<RecordedSymbol> symbols) {
  SymbolSource source;
  source.table = table_of(symbols);
  source.mangled = true;
  impl_->recorded_tables.insert_or_assign(dso.value, std::move(source));
}

void Symbolizer::set_recorded_kallsyms(std::vector<char> text) {
  impl_->recorded_kallsyms = std::move(text);
  impl_->kallsyms = {};
}

void Symbolizer::add_module(DsoId dso, uint64_t start) {
  impl_->module_starts[dso.value] = start;
}

void Symbolizer::add_jitdump(DsoId dso, std::shared_ptr<const JitDump> dump) {
  auto& files = impl_->files;
  if (files.size() <= dso.value) files.resize(dso.value + 1);
  files[dso.value].source = open_jitdump(dump);
  impl_->jitdumps[dso.value] = std::move(dump);
}

std::shared_ptr<const JitDump> Symbolizer::jitdump_of(DsoId dso) const {
  const auto found = impl_->jitdumps.find(dso.value);
  return found == impl_->jitdumps.end() ? nullptr : found->second;
}

Symbol Symbolizer::resolve(DsoId dso, uint64_t address) {
  return impl_->resolve(dso, address);
}

FoundFile Symbolizer::binary_of(DsoId dso) {
  if (dso.value >= impl_->dsos.size() || impl_->dsos[dso].kind != DsoKind::File) return {};
  MissReason miss{};
  std::string warning;  // the symbols' source tells the user
  return open_binary(impl_->dsos[dso], impl_->kernel, impl_->options, impl_->finder, miss, warning);
}

std::shared_ptr<const CodeImage> Symbolizer::code_of(DsoId id) {
  if (id.value >= impl_->dsos.size()) return nullptr;
  const Dso& dso = impl_->dsos[id];
  if (dso.kind != DsoKind::Kernel && dso.kind != DsoKind::KernelModule) {
    return open_code(dso, impl_->kernel, impl_->options, impl_->finder);
  }
  auto& code = impl_->kernel_code;
  if (!code) code = open_kernel_code(impl_->kernel, impl_->options, impl_->finder);
  return *code;
}

FoundFile Symbolizer::debug_frames_of(const FoundFile& binary) {
  return impl_->finder.find(binary.file, binary.path, DebugNeed::Frames).frames;
}

void Symbolizer::set_recorded_names(const RecordedNames* names) {
  impl_->recorded_names = names;
}

bool Symbolizer::may_have_dwarf() {
  if (impl_->recorded_names && !impl_->recorded_names->empty()) return true;
  if (impl_->options.debuginfod.enabled || !impl_->jitdumps.empty()) return true;
  for (uint32_t i = 0; i < impl_->dsos.size(); ++i) {
    const FoundFile binary = binary_of(DsoId{i});
    if (binary && impl_->finder.find(binary.file, binary.path, DebugNeed::All).dwarf) return true;
  }
  return false;
}

void Symbolizer::recorded_calls(DsoId dso, std::span<const uint64_t> addresses,
                                const VisitCalls& visit) {
  std::vector<SourceCall> calls;
  for (size_t i = 0; i < addresses.size(); ++i) {
    const RecordedName* name = impl_->recorded_names->find(impl_->dsos[dso], addresses[i]);
    if (!name || name->calls == 0) continue;
    calls.clear();
    for (const RecordedCall& each : impl_->recorded_names->calls_of(*name)) {
      SourceCall call;
      if (!each.name.empty()) call.name = impl_->strings.intern(impl_->readable(each.name));
      if (!each.file.empty()) call.file = impl_->strings.intern(each.file);
      call.inlined = each.inlined;
      call.line = each.line;
      calls.push_back(call);
    }
    visit(i, calls);
  }
}

void Symbolizer::source_calls(DsoId dso, std::span<const uint64_t> ascending,
                              const VisitCalls& visit) {
  if (impl_->recorded_names && dso.value < impl_->dsos.size() &&
      impl_->recorded_names->knows(impl_->dsos[dso])) {
    recorded_calls(dso, ascending, visit);
    return;
  }
  if (const auto dump = impl_->jitdumps.find(dso.value); dump != impl_->jitdumps.end()) {
    for (size_t i = 0; i < ascending.size(); ++i) {
      const auto line = dump->second->line_of(ascending[i]);
      if (!line) continue;
      SourceCall call;
      call.file = impl_->strings.intern(line->file);
      call.line = line->line;
      visit(i, std::span(&call, 1));
    }
    return;
  }
  const FoundFile binary = binary_of(dso);
  if (!binary) return;
  const DebugFiles files = impl_->finder.find(binary.file, binary.path, DebugNeed::All);
  if (!files.dwarf) return;
  // Offsets in a file and the addresses they are loaded at may be in different orders.
  std::vector<std::pair<ElfAddr, size_t>> addresses;
  for (size_t i = 0; i < ascending.size(); ++i) {
    if (const auto at = binary.file->elf_addr(FileOffset{ascending[i]})) {
      addresses.emplace_back(*at, i);
    }
  }
  std::ranges::sort(addresses);
  std::vector<SourceCall> calls;
  std::unordered_map<std::string, StringId> names;  // as linked → readable
  const auto tell = [&](size_t index, std::span<const SourceFrame> frames) {
    calls.clear();
    for (const SourceFrame& frame : frames) {
      SourceCall call;
      if (!frame.name.empty()) {
        const auto [it, added] = names.try_emplace(std::string(frame.name));
        if (added) it->second = impl_->strings.intern(impl_->readable(frame.name));
        call.name = it->second;
      }
      if (!frame.file.empty()) call.file = impl_->strings.intern(frame.file);
      call.inlined = frame.inlined;
      call.line = frame.line;
      calls.push_back(call);
    }
    if (!calls.empty()) visit(index, calls);
  };
  KeptCalls kept(impl_->options.cache, binary.file->build_id(), files);
  std::vector<ElfAddr> unknown;
  std::vector<size_t> unknown_index;
  for (const auto& [address, index] : addresses) {
    if (const auto frames = kept.find(address)) {
      tell(index, *frames);
    } else {
      unknown.push_back(address);
      unknown_index.push_back(index);
    }
  }
  if (unknown.empty()) return;
  auto source = DwarfSource::open(files, {impl_->options.symfs});
  if (!source) return;
  source->resolve(unknown, [&](size_t index, std::span<const SourceFrame> frames) {
    kept.add(unknown[index], frames);
    tell(unknown_index[index], frames);
  });
  if (source->worth_keeping()) kept.save();
}

std::vector<std::string> Symbolizer::warnings() const {
  std::vector<std::pair<uint64_t, std::string_view>> found;
  const auto look_at = [&](const Impl::Slot& slot) {
    if (slot.source && slot.asked > 0 && !slot.source->warning.empty()) {
      found.emplace_back(slot.asked, slot.source->warning);
    }
  };
  look_at(impl_->kernel_image);
  look_at(impl_->kallsyms);
  for (const Impl::Slot& slot : impl_->files) look_at(slot);
  std::ranges::sort(found, [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  std::vector<std::string> result;
  for (const auto& [asked, text] : found) {
    // That the machine is another one is the reason of many.
    if (std::ranges::find(result, text) == result.end()) result.emplace_back(text);
  }
  return result;
}

}  // namespace prof
