// Dso: anything code comes from (a file, the kernel, the vdso, a JIT's map). Interned by DsoTable.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/build_id.h"
#include "common/strong_id.h"

namespace prof {

enum class DsoKind : uint8_t {
  File,          // an ELF file by path
  Kernel,        // [kernel.kallsyms]
  KernelModule,  // [ext4], a path to a .ko, or a BPF program's image
  Vdso,          // [vdso], [vsyscall]
  PerfMap,       // JIT code without a file: names come from /tmp/perf-PID.map
  JitDump,       // jit-PID.dump, in which a JIT compiler keeps its code and the names
  NoCode,        // mappings that name no code source: [vvar], [anon:name]
};

struct Dso {
  std::string name;        // perf's long name: a path, "[kernel.kallsyms]", "/tmp/perf-12.map"
  std::string short_name;  // what a table shows: "libc.so.6", "[JIT] tid 12"
  DsoKind kind = DsoKind::File;
  BuildId build_id;  // as recorded; empty if the recording does not say
  uint32_t pid = 0;  // of a PerfMap or JitDump, as recorded
};

/// Two recordings of one path with different build ids are two DSOs.
class DsoTable {
 public:
  /// Finds the DSO of this name and build id, or adds it. An id learnt later (build-id table of the
  /// header) is put in with set_build_id().
  DsoId intern(std::string_view name, DsoKind kind, const BuildId& build_id, uint32_t pid = 0);
  /// Gives `build_id` to every DSO of this name that has none.
  void set_build_id(std::string_view name, const BuildId& build_id);
  const Dso& operator[](DsoId id) const { return dsos_[id.value]; }
  size_t size() const { return dsos_.size(); }

 private:
  std::vector<Dso> dsos_;
  std::unordered_map<std::string, DsoId> by_key_;
};

/// perf's rule for a mapping's file name: which kind of DSO it is, and under what name it goes
/// ("//anon" of pid 12 becomes "/tmp/perf-12.map"). Kernel mappings have pid UINT32_MAX; only they
/// can be modules. Without a data option, recordings hold executable mappings only.
struct DsoName {
  std::string name;
  DsoKind kind;
};
DsoName classify_mapping(std::string_view filename, uint32_t pid, bool executable = true);

}  // namespace prof
