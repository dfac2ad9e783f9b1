#include "record/confinement.h"

#include <fmt/core.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "common/text_file.h"

namespace prof {

namespace {

/// The effective set alone, of whatever namespace.
bool is_effective(unsigned number) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
  if (number / 32 >= data.size() || ::syscall(SYS_capget, &header, data.data()) != 0) return false;
  return (data[number / 32].effective >> (number % 32) & 1) != 0;
}

}  // namespace

bool in_user_namespace() {
  // The first namespace maps all numbers to themselves (user_namespaces(7)).
  const std::string map = read_first_line("/proc/self/uid_map");
  unsigned inside = 0;
  unsigned outside = 0;
  unsigned count = 0;
  if (std::sscanf(map.c_str(), "%u %u %u", &inside, &outside, &count) != 3) return false;
  return inside != 0 || outside != 0 || count != UINT32_MAX;
}

bool has_capability(unsigned number) {
  const bool of_admin = number == CAP_PERFMON || number == CAP_BPF;
  if (!is_effective(number) && !(of_admin && is_effective(CAP_SYS_ADMIN))) return false;
  return !in_user_namespace();
}

bool has_seccomp_filter() {
  const auto status = read_text_file("/proc/self/status", 8192);
  return status && status->find("\nSeccomp:\t2\n") != std::string::npos;
}

std::string lockdown_level() {
  // "none [integrity] confidentiality": the one in brackets holds.
  const std::string text = read_first_line("/sys/kernel/security/lockdown");
  const auto open = text.find('[');
  const auto close = text.find(']', open == text.npos ? 0 : open);
  if (open == text.npos || close == text.npos) return {};
  return text.substr(open + 1, close - open - 1);
}

uint32_t own_pid_namespace() {
  constexpr ino_t kFirst = 0xeffffffc;  // PROC_PID_INIT_INO
  struct stat status {};
  if (::stat("/proc/self/ns/pid", &status) != 0 || status.st_ino == kFirst) return 0;
  return static_cast<uint32_t>(status.st_ino);
}

Error explain_confined(std::string_view what) {
  if (in_user_namespace()) {
    return {fmt::format("{} is refused: this process is in a user namespace, as of a rootless "
                        "container, whose capabilities do not count here",
                        what),
            "run prof outside of the container, as root"};
  }
  if (has_seccomp_filter()) {
    return {fmt::format("{} is refused: a seccomp filter, as containers have it, forbids it", what),
            "run prof outside of the container, or allow it there (docker: --cap-add PERFMON "
            "--cap-add BPF, or a seccomp profile of your own)"};
  }
  return {fmt::format("{} is refused although this user might: a security module forbids it", what),
          "look for denials in the kernel's log (dmesg), or run prof outside of the container"};
}

}  // namespace prof
