// Recording's mappings: which code was where, of processes, the kernel, its guests and what it
// compiles itself. Part of pass one.
#include <elf.h>
#include <sys/mman.h>

#include "object/machine.h"
#include "report/recording.h"

namespace prof {

namespace {

constexpr std::string_view kKernelPrefix = "[kernel.kallsyms]";

/// One {pid} is all of user space; the kernel's mappings have pid -1 in every version of perf.
bool is_kernel_mapping(const MmapRecord& mmap) {
  if (mmap.cpu_mode == CpuMode::GuestKernel || mmap.cpu_mode == CpuMode::GuestUser) return false;
  return mmap.pid == kKernelPid || mmap.cpu_mode == CpuMode::Kernel;
}

/// As perf tells them apart, by what MMAP2 says of the file: one without device and inode is none.
Backing backing_of(const MmapRecord& mmap) {
  if (!mmap.version2) return Backing::File;
  const bool file = mmap.major != 0 || mmap.minor != 0 || mmap.inode != 0 ||
                    mmap.inode_generation != 0 || !mmap.build_id.empty();
  const bool shared = (mmap.flags & MAP_SHARED) != 0;
  if (!file) return shared ? Backing::File : Backing::Anonymous;
  return shared && (mmap.protection & PROT_EXEC) == 0 ? Backing::Shared : Backing::File;
}

}  // namespace

void Recording::note_mapping(const MmapRecord& mmap) {
  Mapping mapping;
  mapping.start = VirtAddr{mmap.start};
  mapping.end =
      VirtAddr{mmap.length > UINT64_MAX - mmap.start ? UINT64_MAX : mmap.start + mmap.length};
  mapping.offset = FileOffset{mmap.page_offset};
  const uint64_t time = mmap.sample_id.time;
  if (mmap.cpu_mode == CpuMode::GuestKernel) return note_guest_mapping(mmap, mapping);
  if (mmap.cpu_mode == CpuMode::GuestUser) return;  // of a pid that is the guest's own
  if (is_kernel_mapping(mmap)) return note_kernel_mapping(mmap, mapping);
  const bool executable = mmap.version2 ? (mmap.protection & PROT_EXEC) != 0 : !mmap.data;
  DsoName dso = classify_mapping(mmap.filename, mmap.pid, executable);
  if (dso.kind == DsoKind::JitDump) dso.name = jitdump_dso_name(mmap.filename, mmap.pid);
  mapping.dso = dsos_.intern(dso.name, dso.kind, mmap.build_id, mmap.pid);
  mapping.absolute = dso.kind == DsoKind::PerfMap || dso.kind == DsoKind::NoCode;
  mapping.backing = backing_of(mmap);
  if (dso.kind == DsoKind::Vdso) mapping.offset = FileOffset{0};
  if (RecordedFiles::has_own_addresses(mmap.protection, reader_->features())) {
    mapping.absolute = true;
  }
  if (executable) recorded_files_.note_code(mapping);
  if (dso.kind == DsoKind::JitDump) {
    jit_dumps_.note_mapping(mmap.pid, time, mapping.dso, mmap.filename);
  }
  processes_.add_mapping(mmap.pid, time, mapping);
}

/// A guest's addresses are its own: nothing of this machine names them.
void Recording::note_guest_mapping(const MmapRecord& mmap, Mapping mapping) {
  mapping.absolute = true;
  std::string_view name = mmap.filename;
  constexpr std::string_view kGuestPrefix = "[guest.kernel.kallsyms";  // "]_text", ".4711]_text"
  if (name.starts_with(kGuestPrefix)) name = name.substr(0, name.find(']') + 1);
  mapping.dso = dsos_.intern(name, DsoKind::NoCode, mmap.build_id, 0);
  processes_.add_mapping(kGuestKernelPid, mmap.sample_id.time, mapping);
}

void Recording::note_kernel_mapping(const MmapRecord& mmap, Mapping mapping) {
  mapping.absolute = true;
  if (mmap.filename.starts_with(kKernelPrefix)) {
    // "[kernel.kallsyms]_text": the symbol that page_offset is the address of.
    mapping.dso = dsos_.intern(kKernelPrefix, DsoKind::Kernel, {}, 0);
    if (mmap.page_offset != 0) {
      kernel_.reference_symbol = mmap.filename.substr(kKernelPrefix.size());
      kernel_.reference_address = mmap.page_offset;
    }
    if (!mmap.build_id.empty()) kernel_.build_id = mmap.build_id;
    kernel_mapping_ = mapping;
  } else {
    mapping.dso = dsos_.intern(mmap.filename, DsoKind::KernelModule, mmap.build_id, 0);
    recorded_files_.note_code(mapping);
    symbolizer_->add_module(mapping.dso, mmap.start);
  }
  processes_.add_mapping(kKernelPid, mmap.sample_id.time, mapping);
}

void Recording::note_ksymbol(const KsymbolRecord& ksymbol) {
  constexpr uint16_t kUnregister = 1;
  if ((ksymbol.flags & kUnregister) != 0 || ksymbol.length == 0) return;
  Mapping mapping;
  mapping.start = VirtAddr{ksymbol.addr};
  mapping.end = VirtAddr{ksymbol.addr + ksymbol.length};
  mapping.offset = FileOffset{ksymbol.addr};
  mapping.absolute = true;
  mapping.dso = dsos_.intern(ksymbol.name, DsoKind::KernelModule, {}, 0);
  processes_.add_mapping(kKernelPid, ksymbol.sample_id.time, mapping);
  symbolizer_->add_kernel_symbol({ksymbol.addr, ksymbol.length, std::string(ksymbol.name)});
}

bool Recording::may_be_generated(const Mapping* mapping) const {
  if (!mapping) return true;
  const Dso& dso = dsos_[mapping->dso];
  return dso.kind == DsoKind::PerfMap || dso.kind == DsoKind::NoCode ||
         (dso.kind == DsoKind::File && dso.name.starts_with("/memfd:"));
}

const Mapping* Recording::mapping_of(const ThreadState& state, uint64_t time, CpuMode mode,
                                     VirtAddr address) const {
  if (mode == CpuMode::Kernel) return processes_.find_kernel(time, address);
  if (mode == CpuMode::GuestKernel) return processes_.find_of(kGuestKernelPid, time, address);
  if (mode != CpuMode::User) return nullptr;
  const Mapping* mapping = processes_.find(state.process, time, address);
  if (may_be_generated(mapping)) {
    const Mapping* code = processes_.find_code(state.process, time, address);
    if (code) return code;
  }
  return mapping;
}

CpuMode Recording::mode_of(CpuMode sampled, uint64_t time, VirtAddr address) const {
  const bool guest = sampled == CpuMode::GuestKernel || sampled == CpuMode::GuestUser;
  bool kernel = sampled == CpuMode::Kernel || sampled == CpuMode::GuestKernel;
  const bool top_half = raw(address) >> 63 != 0;
  // Recorded as 0 where it was hidden.
  const bool placed = kernel_mapping_ && raw(kernel_mapping_->start) != 0;
  // Old recordings do not say of which machine they are; where the kernel lies tells, too.
  auto kind = kernel_addresses_of(kernel_.machine);
  if (kernel_.machine == EM_NONE && placed && raw(kernel_mapping_->start) <= UINT32_MAX) {
    kind = KernelAddresses::FromItsMap;
  }
  if (kind == KernelAddresses::TopHalf) {
    kernel = top_half;
  } else if (kind == KernelAddresses::FromItsMap && placed && !guest) {
    // ARM's modules lie below the kernel.
    kernel = address >= kernel_mapping_->start || processes_.find_kernel(time, address);
  }
  if (guest) return kernel ? CpuMode::GuestKernel : CpuMode::GuestUser;
  return kernel ? CpuMode::Kernel : CpuMode::User;
}

}  // namespace prof
