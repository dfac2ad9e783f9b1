// What the kernel's BPF offers to this user: each is loaded, and unloaded.
#include <unistd.h>

#include "common/text_file.h"
#include "doctor/groups.h"
#include "record/bpf_features.h"
#include "record/bpf_object.h"
#include "record/confinement.h"

namespace prof {

namespace {

void check_btf(CheckGroup& group) {
  constexpr const char* kBtf = "/sys/kernel/btf/vmlinux";
  if (::access(kBtf, R_OK) == 0) return group.works("types of the kernel (BTF)", kBtf);
  group.fails("types of the kernel (BTF)", std::string(kBtf) + " is not there",
              "a kernel of 5.15 or newer with CONFIG_DEBUG_INFO_BTF has it; a container may hide "
              "/sys/kernel");
}

void check_lockdown(CheckGroup& group) {
  const std::string level = lockdown_level();
  if (level != "confidentiality") {
    return group.works("lockdown", level.empty() ? "the kernel tells of none" : level);
  }
  group.fails("lockdown", "confidentiality: programs may not read the kernel's memory",
              "boot with lockdown=integrity, or without secure boot");
}

/// Not a hindrance by itself: prof's programs need capabilities in any case.
void tell_unprivileged(CheckGroup& group) {
  const std::string value = read_first_line("/proc/sys/kernel/unprivileged_bpf_disabled");
  if (!value.empty()) group.fact("unprivileged_bpf_disabled", value);
}

}  // namespace

void check_bpf(std::vector<Check>& checks) {
  CheckGroup group(checks, "bpf");
  if (!BpfObject::is_built_in()) {
    return group.fails("built in", "this prof was built without BPF",
                       "build it with clang and libbpf 1.0 or newer");
  }
  group.works("built in", BpfObject::library());
  check_btf(group);
  check_lockdown(group);
  tell_unprivileged(group);
  for (const BpfFeature& feature : bpf_features()) {
    const auto loaded = try_bpf_feature(feature);
    if (loaded) {
      group.works(feature.name, std::string("for ") + feature.needs);
    } else {
      group.fails(feature.name, loaded.error());
    }
  }
}

}  // namespace prof
