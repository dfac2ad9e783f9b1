// Synthesizer: describes what already ran when a recording began, as if the kernel had told it
// then: the kernel itself, its modules and BPF programs, and the processes recorded. Called by the
// recorder before events are enabled.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "common/build_id.h"
#include "object/proc_maps.h"
#include "perfdata/encode.h"
#include "record/target.h"

namespace prof {

class Synthesizer {
 public:
  /// `emit` gets whole records, some ten kilobytes at a time.
  using Emit = std::function<void(std::span<const std::byte>)>;
  /// With `data`, files that are mapped without running their code are told of, too.
  Synthesizer(size_t id_size, bool data, Emit emit);

  /// The kernel's text, its modules. Without the right to see kernel addresses, nothing.
  void kernel();
  /// JITed BPF programs that are loaded now; needs CAP_SYS_ADMIN or CAP_BPF, else nothing.
  void bpf_programs();
  /// THREAD_MAP and CPU_MAP.
  void maps_of(const Target& target, std::span<const int> cpus);
  /// FORK, COMM and MMAP2 of all processes, or of those that the target's threads belong to.
  void processes(const Target& target);
  /// CGROUP of all that there are now.
  void cgroups();
  /// Has processes() tell of namespaces, too.
  void want_namespaces() { namespaces_ = true; }
  void processes(const std::set<pid_t>& pids);
  /// Ends the description.
  void finish();

 private:
  struct FileKey {
    uint32_t major, minor;
    uint64_t inode;
    auto operator<=>(const FileKey&) const = default;
  };
  void process(pid_t pid, bool only_comm);
  void mappings(pid_t pid);
  void namespaces_of(pid_t pid, pid_t tid);
  void modules();
  BuildId build_id_of(pid_t pid, const ProcMapsEntry& entry);
  void flush_if_large();

  RecordEncoder records_;
  bool data_;
  bool namespaces_ = false;
  Emit emit_;
  std::map<FileKey, BuildId> build_ids_;
  BuildId vdso_build_id_;
  uint64_t vdso_size_ = 0;
};

/// The kernel's text as it lies in memory; nothing where addresses are hidden.
struct KernelText {
  uint64_t start = 0, end = 0;
  std::string symbol;  // that `start` is the address of: "_text" or "_stext"
};
std::optional<KernelText> find_kernel_text();

}  // namespace prof
