#include "symbolize/kernel_image.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "common/text_file.h"
#include "object/unpack.h"
#include "symbolize/kernel_symbols.h"

namespace prof {

namespace {

bool is_regular_file(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

/// As recorded, or, where the recording is of the kernel we run on, its own; else empty. It becomes
/// part of paths.
std::string release_of(const KernelInfo& kernel) {
  if (!kernel.release.empty()) {
    return kernel.release.find('/') == kernel.release.npos ? kernel.release : std::string();
  }
  struct utsname name {};
  const bool same = !kernel.build_id.empty() && kernel.build_id.same_as(running_kernel_build_id());
  return same && ::uname(&name) == 0 ? std::string(name.release) : std::string();
}

/// "dm_mod" of "kernel/drivers/md/dm-mod.ko.xz", of "[dm_mod]" and of "dm-mod".
std::string module_name(std::string_view path) {
  std::string name(path.substr(path.rfind('/') + 1));
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  name = name.substr(0, name.find(".ko"));
  std::ranges::replace(name, '-', '_');
  return name;
}

FoundFile open_module(const std::string& path, const BuildId& wanted) {
  if (!is_regular_file(path)) return {};
  auto file = open_packed_elf(path);
  if (!file || (*file)->type() != ET_REL) return {};
  if (!wanted.empty() && !wanted.same_as((*file)->build_id())) return {};
  return {std::move(*file), path};
}

/// The path of a module below /lib/modules/RELEASE, from the lines "PATH: PATHS…" of modules.dep.
std::string listed_module(const std::string& folder, const std::string& name) {
  const auto list = read_text_file(folder + "/modules.dep");
  if (!list) return {};
  std::string_view rest(*list);
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const size_t colon = line.find(':');
    if (colon == line.npos || module_name(line.substr(0, colon)) != name) continue;
    const std::string path(line.substr(0, colon));
    return path.starts_with('/') ? path : folder + "/" + path;
  }
  return {};
}

}  // namespace

FoundFile find_vmlinux(const KernelInfo& kernel, const SymbolizerOptions& options,
                       DebugFileFinder& finder) {
  // Kernels are moved at every boot: without knowing where to, no name would be right.
  if (kernel.build_id.empty() || kernel.reference_address == 0) return {};
  const std::string release = release_of(kernel);
  const std::string& root = options.symfs;
  const std::string debug = root + options.debug_root;
  std::vector<std::string> paths;
  if (!release.empty()) {
    paths = {fmt::format("{}/boot/vmlinux-{}", debug, release),
             fmt::format("{}/lib/modules/{}/vmlinux", debug, release),
             fmt::format("{}/lib/modules/{}/build/vmlinux", root, release),
             fmt::format("{}/usr/lib/modules/{}/vmlinux", root, release),
             fmt::format("{}/boot/vmlinux-{}", root, release)};
  }
  if (kernel.build_id.size > 1) {
    const std::string hex = kernel.build_id.hex();
    paths.push_back(
        fmt::format("{}/.build-id/{}/{}.debug", debug, hex.substr(0, 2), hex.substr(2)));
  }
  for (const std::string& path : paths) {
    if (!is_regular_file(path)) continue;
    auto file = ElfFile::open(path);
    if (!file || !kernel.build_id.same_as(file->build_id())) continue;
    return {std::make_shared<const ElfFile>(std::move(*file)), path};
  }
  return finder.find_binary(kernel.build_id, "[kernel.kallsyms]");
}

FoundFile find_module(const Dso& module, const KernelInfo& kernel,
                      const SymbolizerOptions& options) {
  if (module.name.starts_with('/')) {
    FoundFile file = open_module(options.symfs + module.name, module.build_id);
    if (file) return file;
  }
  const std::string release = release_of(kernel);
  const std::string name = module_name(module.name);
  if (release.empty() || name.empty()) return {};
  for (const char* modules : {"/lib/modules/", "/usr/lib/modules/"}) {
    const std::string folder = options.symfs + modules + release;
    const std::string path = listed_module(folder, name);
    if (path.empty()) continue;
    FoundFile file = open_module(path, module.build_id);
    if (file) return file;
  }
  return {};
}

std::vector<uint64_t> module_layout(const ElfFile& module) {
  constexpr uint64_t kCode = SHF_ALLOC | SHF_EXECINSTR;
  std::vector<uint64_t> starts(module.sections().size(), UINT64_MAX);
  uint64_t end = 0;
  for (size_t i = 0; i < starts.size(); ++i) {
    const ElfSection& section = module.sections()[i];
    // What is only needed to load it lies elsewhere, and is gone.
    if ((section.flags & kCode) != kCode || section.name.starts_with(".init")) continue;
    const uint64_t align = std::max<uint64_t>(section.align, 1);
    constexpr uint64_t kMostCode = uint64_t{1} << 32;
    if (align > kMostCode || section.size > kMostCode || end > kMostCode) break;
    starts[i] = (end + align - 1) / align * align;
    end = starts[i] + section.size;
  }
  return starts;
}

}  // namespace prof
