#include "object/dso.h"

#include <charconv>

namespace prof {

namespace {

constexpr std::string_view kPerfMapPrefix = "/tmp/perf-";

std::string_view basename_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == path.npos || slash + 1 == path.size() ? path : path.substr(slash + 1);
}

/// "ext4" for "/lib/modules/…/ext4.ko.xz" and ext4.ko; empty if `path` names no kernel module.
std::string_view module_of(std::string_view path) {
  std::string_view name = basename_of(path);
  for (const std::string_view packed : {".gz", ".xz", ".zst"}) {
    if (name.ends_with(packed)) {
      name.remove_suffix(packed.size());
      break;
    }
  }
  if (!name.ends_with(".ko") || name.size() == 3) return {};
  return name.substr(0, name.size() - 3);
}

/// The pid in "/tmp/perf-PID.map"; 0 if `name` is no such name.
uint32_t perf_map_pid(std::string_view name) {
  if (!name.starts_with(kPerfMapPrefix)) return 0;
  name.remove_prefix(kPerfMapPrefix.size());
  uint32_t pid = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
  const auto parsed = static_cast<size_t>(end - name.data());
  return error == std::errc{} && name.substr(parsed) == ".map" ? pid : 0;
}

/// Whether `path` is ".../jit-PID.dump", by which perf, too, finds jitdumps.
bool is_jitdump(std::string_view path) {
  constexpr std::string_view kBegin = "jit-";
  constexpr std::string_view kEnd = ".dump";
  std::string_view name = basename_of(path);
  if (!path.starts_with('/') || !name.starts_with(kBegin) || !name.ends_with(kEnd)) return false;
  name.remove_prefix(kBegin.size());
  name.remove_suffix(kEnd.size());
  return !name.empty() && name.find_first_not_of("0123456789") == name.npos;
}

std::string short_name_of(std::string_view name, DsoKind kind, uint32_t pid) {
  switch (kind) {
    case DsoKind::PerfMap:
    case DsoKind::JitDump:
      return "[JIT] tid " + std::to_string(pid);
    case DsoKind::KernelModule:
      if (const auto module = module_of(name); !module.empty()) {
        std::string result = "[" + std::string(module) + "]";
        for (char& c : result) {
          if (c == '-') c = '_';  // as the kernel itself calls modules
        }
        return result;
      }
      return std::string(basename_of(name));
    case DsoKind::File:
      // simpleperf keeps what JIT compilers made in files beside the recording.
      if (name.find("_jit_app_cache:") != name.npos) return "[JIT app cache]";
      if (name.find("_jit_zygote_cache:") != name.npos) return "[JIT zygote cache]";
      return std::string(basename_of(name));
    default:
      return std::string(name);
  }
}

std::string key_of(std::string_view name, const BuildId& build_id) {
  std::string key(name);
  key += '\0';
  key.append(reinterpret_cast<const char*>(build_id.bytes.data()), build_id.bytes.size());
  return key;
}

bool is_anonymous(std::string_view name) {
  return name == "//anon" || name.starts_with("/dev/zero") || name.starts_with("/anon_hugepage");
}

/// Segments of data; where one is executable, code was generated into it.
bool holds_data(std::string_view name) {
  return name.starts_with("[stack") || name.starts_with("/SYSV") || name == "[heap]";
}

}  // namespace

DsoId DsoTable::intern(std::string_view name, DsoKind kind, const BuildId& build_id, uint32_t pid) {
  const DsoId next{static_cast<uint32_t>(dsos_.size())};
  const auto [entry, added] = by_key_.try_emplace(key_of(name, build_id), next);
  if (added) {
    if (kind == DsoKind::PerfMap && perf_map_pid(name) != 0) pid = perf_map_pid(name);
    dsos_.push_back({std::string(name), short_name_of(name, kind, pid), kind, build_id, pid});
  }
  return entry->second;
}

void DsoTable::set_build_id(std::string_view name, const BuildId& build_id) {
  const auto unnamed = by_key_.find(key_of(name, {}));
  if (unnamed == by_key_.end() || build_id.empty()) return;
  const DsoId id = unnamed->second;
  dsos_[id.value].build_id = build_id;
  // Kept findable under both: later mappings may come with the id or without it.
  by_key_.try_emplace(key_of(name, build_id), id);
}

DsoName classify_mapping(std::string_view filename, uint32_t pid, bool executable) {
  std::string name(filename);
  const bool in_kernel = pid == UINT32_MAX;
  // "[kernel.kallsyms]_text": the name of the reference symbol follows the bracket.
  for (const std::string_view kernel : {"[kernel.kallsyms]", "[guest.kernel.kallsyms]"}) {
    if (in_kernel && filename.starts_with(kernel)) return {std::string(kernel), DsoKind::Kernel};
  }
  if (in_kernel) return {std::move(name), DsoKind::KernelModule};
  if (is_anonymous(filename) || holds_data(filename)) {
    if (!executable) return {std::move(name), DsoKind::NoCode};
    return {std::string(kPerfMapPrefix) + std::to_string(pid) + ".map", DsoKind::PerfMap};
  }
  if (filename == "[vdso]" || filename == "[vsyscall]") return {std::move(name), DsoKind::Vdso};
  if (filename.starts_with('[')) return {std::move(name), DsoKind::NoCode};
  if (perf_map_pid(filename) != 0) return {std::move(name), DsoKind::PerfMap};
  if (executable && is_jitdump(filename)) return {std::move(name), DsoKind::JitDump};
  return {std::move(name), DsoKind::File};
}

}  // namespace prof
