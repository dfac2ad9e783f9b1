#include "symbolize/symbol_source.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <memory>
#include <optional>
#include <utility>

#include "common/text_file.h"
#include "object/elf_file.h"
#include "object/machine.h"
#include "symbolize/elf_symbols.h"
#include "symbolize/jitdump.h"
#include "symbolize/kept_kernel.h"
#include "symbolize/kernel_image.h"
#include "symbolize/kernel_symbols.h"
#include "symbolize/perf_map.h"
#include "symbolize/process_files.h"
#include "symbolize/vdso.h"

namespace prof {

namespace {

SymbolSource no_source(MissReason reason, std::string warning = {}) {
  SymbolSource source;
  source.miss = reason;
  source.warning = std::move(warning);
  return source;
}

SymbolSource from_table(SymbolTable table, bool mangled, const std::string& name) {
  if (table.empty()) {
    return no_source(MissReason::NoSymbols, fmt::format("{} has no symbols", name));
  }
  SymbolSource source;
  source.table = std::move(table);
  source.mangled = mangled;
  return source;
}

/// A name in a recording may be anything, a device or a FIFO too, which must not even be opened.
bool is_regular_file(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

std::string mismatch(const std::string& name, const BuildId& recorded, const BuildId& present) {
  return fmt::format("{} was replaced since the recording (build id {} is now {})", name,
                     recorded.hex(), present.empty() ? "missing" : present.hex());
}

SymbolSource open_file(const Dso& dso, const KernelInfo& kernel, const SymbolizerOptions& options,
                       DebugFileFinder& finder) {
  SymbolSource source;
  const FoundFile binary = open_binary(dso, kernel, options, finder, source.miss, source.warning);
  if (!binary) return source;
  DebugFiles files = finder.find(binary.file, binary.path, DebugNeed::Symbols);
  return from_table(load_elf_symbols(binary.file, std::move(files.symbols.file),
                                     SymbolSpace::FileOffset, std::move(files.mini)),
                    true, binary.path);
}

SymbolSource open_vdso_symbols(const Dso& dso, const KernelInfo& kernel) {
  SymbolSource source;
  auto vdso = open_vdso(dso, kernel, source.miss, source.warning);
  if (!vdso) return source;
  return from_table(load_elf_symbols(std::move(vdso), nullptr, SymbolSpace::FileOffset), true,
                    dso.name);
}

/// A process that lives is asked how it calls itself and which files it sees, as it names its map
/// by that; else the map can only be where processes of our own namespaces have theirs.
Result<PerfMap> load_perf_map(const Dso& dso, const SymbolizerOptions& options) {
  const LiveProcess process = live_process(dso.pid, options.recorded_until);
  if (process.own_files || process.own_pid != process.pid) {
    const std::string own = fmt::format("/tmp/perf-{}.map", process.own_pid);
    if (const auto fd = open_process_file(process, own, options.any_owner)) {
      return read_perf_map(*fd, own);
    }
  }
  LiveProcess outside = process;
  outside.own_files = false;
  const auto fd = open_process_file(outside, dso.name, options.any_owner);
  if (!fd) return tl::unexpected(fd.error());
  return read_perf_map(*fd, dso.name);
}

SymbolSource open_perf_map(const Dso& dso, const KernelInfo& kernel,
                           const SymbolizerOptions& options) {
  if (!kernel.foreign.empty() && !options.any_owner) {
    return no_source(MissReason::FileMissing, kernel.foreign);
  }
  auto map = load_perf_map(dso, options);
  if (!map) {
    return no_source(MissReason::FileMissing,
                     fmt::format("{} has code without a file and nothing names it: {}",
                                 dso.short_name, map.error().message));
  }
  SymbolSource source = from_table(std::move(map->symbols), false, dso.name);
  if (map->bad_lines > 0) {
    source.warning = fmt::format("{}: skipped lines that are not 'START SIZE name': {}", dso.name,
                                 map->bad_lines);
  } else if (map->truncated) {
    source.warning =
        fmt::format("{}: only its first {} MiB were read", dso.name, kMaxPerfMap >> 20);
  }
  return source;
}

SymbolSource from_vmlinux(const KernelInfo& kernel, const FoundFile& image) {
  SymbolSource source =
      from_table(load_elf_symbols(image.file, nullptr, SymbolSpace::ElfAddr), false, image.path);
  source.bias = vmlinux_bias(kernel, *image.file).value_or(0);
  return source;
}

/// Addresses are those of one boot.
std::string kernel_cache_key() {
  const BuildId running = running_kernel_build_id();
  const std::string boot = read_first_line("/proc/sys/kernel/random/boot_id");
  if (running.empty() || boot.empty()) return {};
  return fmt::format("kernel-1-{}-{}", running.hex(), boot);
}

}  // namespace

FoundFile open_binary(const Dso& dso, const KernelInfo& kernel, const SymbolizerOptions& options,
                      DebugFileFinder& finder, MissReason& miss, std::string& warning) {
  miss = MissReason::FileMissing;
  // memfd:, anon_inode: and the like are no paths; a relative one would mean our own directory.
  if (!dso.name.starts_with('/')) return {};
  const std::string path = options.symfs + dso.name;
  if (!is_regular_file(path)) {
    warning = fmt::format("{} is not on this machine", path);
  } else if (auto file = ElfFile::open(path); !file) {
    warning = file.error().message;
  } else if (const BuildId present = file->build_id();
             !dso.build_id.empty() && !dso.build_id.same_as(present)) {
    miss = MissReason::BuildIdMismatch;
    warning = mismatch(path, dso.build_id, present);
  } else if (!runs_programs_of(kernel.machine, file->machine())) {
    miss = MissReason::BuildIdMismatch;
    warning = fmt::format("{} is for another kind of machine than the recorded one", path);
  } else {
    miss = MissReason::None;
    return {std::make_shared<const ElfFile>(std::move(*file)), path};
  }
  FoundFile copy = finder.find_binary(dso.build_id, path);
  if (copy) {
    miss = MissReason::None;
    warning.clear();
  }
  return copy;
}

std::shared_ptr<const ElfFile> open_vdso(const Dso& dso, const KernelInfo& kernel, MissReason& miss,
                                         std::string& warning) {
  miss = MissReason::NoSymbols;
  if (dso.name != "[vdso]") return nullptr;  // [vsyscall] is emulated
  auto vdso = running_vdso();
  if (!vdso) {
    miss = MissReason::FileMissing;
    warning = vdso.error().message;
    return nullptr;
  }
  // Each kernel has a vdso of its own: where its build id was not recorded, the kernel's tells.
  const bool same = !dso.build_id.empty()     ? dso.build_id.same_as(vdso->build_id())
                    : kernel.build_id.empty() ? true
                                              : kernel.build_id.same_as(running_kernel_build_id());
  miss = MissReason::BuildIdMismatch;
  if (!same) {
    warning = "[vdso] is that of another kernel";
    return nullptr;
  }
  if (dso.build_id.empty() && !kernel.foreign.empty()) {
    warning = kernel.foreign;
    return nullptr;
  }
  miss = MissReason::None;
  return std::make_shared<const ElfFile>(std::move(*vdso));
}

std::optional<uint64_t> vmlinux_bias(const KernelInfo& kernel, const ElfFile& image) {
  if (kernel.reference_address == 0) return 0;
  const ElfSection* symtab = image.section(".symtab");
  if (!symtab) return std::nullopt;
  const std::string_view strings = image.strings_of(*symtab);
  for (size_t i = 0; i < image.symbol_count(*symtab); ++i) {
    const ElfSymbol symbol = image.symbol(*symtab, i);
    if (elf_string(strings, symbol.name) != kernel.reference_symbol) continue;
    return kernel.reference_address - symbol.value;
  }
  return std::nullopt;
}

SymbolSource open_kallsyms(const KernelInfo& kernel, const SymbolizerOptions& options) {
  const bool live = options.kallsyms_path == SymbolizerOptions{}.kallsyms_path;
  if (live && kernel.build_id.empty() && !kernel.foreign.empty()) {
    return no_source(MissReason::BuildIdMismatch, kernel.foreign);
  }
  if (live && !kernel.build_id.empty()) {
    const BuildId running = running_kernel_build_id();
    if (!running.empty() && !running.same_as(kernel.build_id)) {
      return no_source(
          MissReason::BuildIdMismatch,
          fmt::format("the recorded kernel (build id {}) is not the running one ({}), so kernel "
                      "addresses have no names; give its vmlinux or a copy of its kallsyms",
                      kernel.build_id.hex(), running.hex()));
    }
  }
  auto text = read_kallsyms(options.kallsyms_path);
  if (!text) {
    return no_source(MissReason::FileMissing,
                     "kernel addresses have no names: " + text.error().message);
  }
  std::string for_cache;
  if (live && options.cache.enabled()) {
    for_cache = kernel_part({text->data(), text->size()});
  }
  Kallsyms kallsyms =
      parse_kallsyms(std::move(*text), {kernel.reference_symbol, kernel.reference_address});
  if (kallsyms.restricted) {
    return no_source(MissReason::NoSymbols,
                     fmt::format("kernel addresses have no names: {} shows every address as 0 "
                                 "(sysctl kernel.kptr_restrict=0, or root, shows them)",
                                 options.kallsyms_path));
  }
  if (const auto packed = pack_kernel(for_cache); !packed.empty()) {
    if (const std::string key = kernel_cache_key(); !key.empty()) options.cache.put(key, packed);
  }
  return from_table(std::move(kallsyms.symbols), false, options.kallsyms_path);
}

SymbolSource open_cached_kernel(const KernelInfo& kernel, const SymbolizerOptions& options) {
  const bool live = options.kallsyms_path == SymbolizerOptions{}.kallsyms_path;
  if (!live || !options.cache.enabled()) return no_source(MissReason::NoSymbols);
  if (kernel.build_id.empty() && !kernel.foreign.empty()) {
    return no_source(MissReason::BuildIdMismatch);
  }
  const BuildId running = running_kernel_build_id();
  if (!kernel.build_id.empty() && !running.same_as(kernel.build_id)) {
    return no_source(MissReason::BuildIdMismatch);
  }
  auto entry = options.cache.get(kernel_cache_key());
  if (!entry) return no_source(MissReason::FileMissing);
  const auto kept = std::make_shared<const DiskCache::Entry>(std::move(*entry));
  auto table =
      unpack_kernel(kept->bytes(), kept, {kernel.reference_symbol, kernel.reference_address});
  if (!table) return no_source(MissReason::NoSymbols);
  return from_table(std::move(*table), false, options.kallsyms_path);
}

SymbolSource open_recorded_kallsyms(std::vector<char> text) {
  Kallsyms kallsyms = parse_kallsyms(std::move(text), {});
  if (kallsyms.restricted) {
    return no_source(MissReason::NoSymbols,
                     "kernel addresses have no names: those of the recorded machine were hidden "
                     "(sysctl kernel.kptr_restrict=0, or root, shows them)");
  }
  return from_table(std::move(kallsyms.symbols), false, "the recorded kallsyms");
}

SymbolSource open_jitdump(std::shared_ptr<const JitDump> dump) {
  return from_table(dump->symbols(), true, dump->path());
}

SymbolSource open_kernel_image(const KernelInfo& kernel, const SymbolizerOptions& options,
                               DebugFileFinder& finder) {
  SymbolSource source;
  const FoundFile found = open_vmlinux(kernel, options, finder, source.miss, source.warning);
  return found ? from_vmlinux(kernel, found) : source;
}

FoundFile open_vmlinux(const KernelInfo& kernel, const SymbolizerOptions& options,
                       DebugFileFinder& finder, MissReason& miss, std::string& warning) {
  miss = MissReason::FileMissing;
  if (options.vmlinux_path.empty()) {
    FoundFile found = find_vmlinux(kernel, options, finder);
    if (found) miss = MissReason::None;
    return found;
  }
  auto file = ElfFile::open(options.vmlinux_path);
  if (!file) {
    warning = file.error().message;
    return {};
  }
  if (const BuildId id = file->build_id();
      !kernel.build_id.empty() && !id.empty() && !kernel.build_id.same_as(id)) {
    miss = MissReason::BuildIdMismatch;
    warning = fmt::format("{} is not the recorded kernel (build id {}, recorded {})",
                          options.vmlinux_path, id.hex(), kernel.build_id.hex());
    return {};
  }
  miss = MissReason::None;
  return {std::make_shared<const ElfFile>(std::move(*file)), options.vmlinux_path};
}

SymbolSource open_module(const Dso& module, uint64_t start, const KernelInfo& kernel,
                         const SymbolizerOptions& options) {
  const FoundFile found = find_module(module, kernel, options);
  if (!found) return no_source(MissReason::FileMissing);
  SymbolSource source =
      from_table(load_elf_symbols(found.file, nullptr, SymbolSpace::Module), false, found.path);
  source.bias = start;
  return source;
}

SymbolSource open_source(const Dso& dso, const KernelInfo& kernel, const SymbolizerOptions& options,
                         DebugFileFinder& finder) {
  switch (dso.kind) {
    case DsoKind::File:
      return open_file(dso, kernel, options, finder);
    case DsoKind::Vdso:
      return open_vdso_symbols(dso, kernel);
    case DsoKind::PerfMap:
      return open_perf_map(dso, kernel, options);
    case DsoKind::JitDump:  // what is usable was added
    case DsoKind::Kernel:
    case DsoKind::KernelModule:
    case DsoKind::NoCode:
      break;
  }
  return no_source(MissReason::NoDso);
}

}  // namespace prof
