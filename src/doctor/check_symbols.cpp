// Where the names of addresses come from: the kernel's, the vdso's, and those of debug files.
#include <fmt/core.h>
#include <link.h>
#include <unistd.h>

#include <cstring>
#include <memory>

#include "common/disk_cache.h"
#include "common/text_file.h"
#include "doctor/groups.h"
#include "object/debug_file.h"
#include "object/debuginfod.h"
#include "record/privileges.h"
#include "symbolize/elf_symbols.h"
#include "symbolize/kernel_image.h"
#include "symbolize/kernel_symbols.h"
#include "symbolize/vdso.h"

namespace prof {

namespace {

constexpr uint64_t kUnknownButThere = 1;  // where the kernel was: its image is only looked for

/// What kallsyms shows to this user. Its beginning tells: hidden addresses are all zero.
void check_kallsyms(CheckGroup& group) {
  constexpr const char* kName = "kernel symbols (kallsyms)";
  constexpr size_t kBeginning = 256 << 10;
  const auto text = read_text_file("/proc/kallsyms", kBeginning);
  if (!text) return group.fails(kName, text.error());
  if (text->empty()) return group.fails(kName, "it is empty: the kernel lacks CONFIG_KALLSYMS");
  const Kallsyms symbols = parse_kallsyms({text->begin(), text->end()}, {});
  if (!symbols.restricted && !symbols.symbols.empty()) return group.works(kName);
  const std::string restrict = read_first_line("/proc/sys/kernel/kptr_restrict");
  if (restrict == "0") {
    return group.fails(kName,
                       fmt::format("all addresses are 0: kernel.perf_event_paranoid is {}, and "
                                   "this user has no CAP_SYSLOG",
                                   perf_event_paranoid()),
                       "run as root, or 'sysctl kernel.perf_event_paranoid=1'");
  }
  if (restrict == "1") {
    return group.fails(kName,
                       "all addresses are 0: kernel.kptr_restrict is 1, and this user has no "
                       "CAP_SYSLOG",
                       "run as root, or 'sysctl kernel.kptr_restrict=0 "
                       "kernel.perf_event_paranoid=1'");
  }
  group.fails(kName, fmt::format("all addresses are 0: kernel.kptr_restrict is {}", restrict),
              "sysctl kernel.kptr_restrict=1, as root, who sees them then");
}

void check_vmlinux(CheckGroup& group, const SymbolizerOptions& options, DebugFileFinder& finder) {
  constexpr const char* kName = "kernel image (vmlinux)";
  KernelInfo kernel;
  kernel.build_id = running_kernel_build_id();
  kernel.reference_address = kUnknownButThere;
  if (kernel.build_id.empty()) {
    return group.fails(kName, "the kernel does not tell its build id (/sys/kernel/notes)");
  }
  if (const FoundFile found = find_vmlinux(kernel, options, finder)) {
    const bool lines = has_dwarf(*found.file);
    return group.works(kName, found.path + (lines ? ", with lines" : ", without lines"));
  }
  group.fails(
      kName,
      fmt::format("none of build id {} is here: kernel code has names by kallsyms only, and "
                  "no lines",
                  kernel.build_id.hex()),
      "install the kernel's debug package (Debian: linux-image-$(uname -r)-dbg)");
}

void check_vdso(CheckGroup& group) {
  auto vdso = running_vdso();
  if (!vdso) return group.fails("vdso", vdso.error());
  const auto file = std::make_shared<const ElfFile>(std::move(*vdso));
  const auto symbols = load_elf_symbols(file, nullptr, SymbolSpace::FileOffset);
  if (symbols.empty()) return group.fails("vdso", "it has no symbols");
  group.works("vdso", fmt::format("{} symbols", symbols.size()));
}

/// The C library that this process runs with; empty for a static one.
std::string own_c_library() {
  std::string path;
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* to) {
        const char* base = info->dlpi_name ? std::strrchr(info->dlpi_name, '/') : nullptr;
        if (!base || !std::string_view(base).starts_with("/libc.")) return 0;
        *static_cast<std::string*>(to) = info->dlpi_name;
        return 1;
      },
      &path);
  return path;
}

/// Whether debug packages are where prof looks, by the example that every process needs.
void check_debug_files(CheckGroup& group, const DebugFileOptions& options,
                       DebugFileFinder& finder) {
  constexpr const char* kName = "debug files";
  const bool folder = ::access(options.debug_root.c_str(), R_OK | X_OK) == 0;
  const std::string library = own_c_library();
  if (library.empty()) return;
  auto file = ElfFile::open(library);
  if (!file) return group.fails(kName, file.error());
  const auto shared = std::make_shared<const ElfFile>(std::move(*file));
  const DebugFiles found = finder.find(shared, library, DebugNeed::All);
  if (found.dwarf) return group.works(kName, found.dwarf.path);
  const std::string remedy = "install debug packages (Debian: libc6-dbg), or use --debuginfod";
  const std::string cause = "none for " + library + ": no lines, no inlined calls in it";
  if (folder) return group.partly(kName, cause, remedy);
  group.fails(kName, "there is no such folder; " + cause, remedy);
}

void check_debuginfod(CheckGroup& group) {
  constexpr const char* kName = "debuginfod (--debuginfod)";
  if (const auto available = Debuginfod::available(); !available) {
    return group.fails(kName, available.error());
  }
  group.works(kName, "servers are set, and were not asked");
}

void check_cache(CheckGroup& group) {
  const DiskCache cache = DiskCache::of_user();
  if (const auto usable = cache.check(); !usable) return group.fails("cache", usable.error());
  const auto usage = cache.usage();
  group.works(
      "cache",
      fmt::format("{}: {} files, {:.1f} of at most {} MiB", cache.directory(), usage.entries,
                  static_cast<double>(usage.bytes) / (1024.0 * 1024.0), cache.limit() >> 20));
}

}  // namespace

void check_symbols(std::vector<Check>& checks) {
  CheckGroup group(checks, "symbols");
  const SymbolizerOptions options;
  DebugFileOptions debug;
  debug.debug_root = options.debug_root;
  DebugFileFinder finder(debug);
  check_kallsyms(group);
  check_vmlinux(group, options, finder);
  check_vdso(group);
  check_debug_files(group, debug, finder);
  check_debuginfod(group);
  check_cache(group);
}

}  // namespace prof
