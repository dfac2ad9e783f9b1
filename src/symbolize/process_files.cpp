#include "symbolize/process_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <string_view>

#include "common/text_file.h"

namespace prof {

namespace {

// O_NONBLOCK: a FIFO of that name must not make us wait.
constexpr int kOpenFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

/// The last number of the line "KEY\t1 2 3" of /proc/PID/status; `otherwise` if there is none.
uint32_t last_number(std::string_view status, std::string_view key, uint32_t otherwise) {
  const auto at = status.find(key);
  if (at == status.npos) return otherwise;
  std::string_view line = status.substr(at + key.size());
  line = line.substr(0, line.find('\n'));
  line.remove_prefix(line.find_last_of("\t ") + 1);
  uint32_t value = otherwise;
  std::from_chars(line.data(), line.data() + line.size(), value);
  return value;
}

/// When a process began, in seconds since 1970; 0 if that is not told.
int64_t start_time(uint32_t pid) {
  const auto stat = read_text_file(fmt::format("/proc/{}/stat", pid), 4096);
  const auto system = read_text_file("/proc/stat");
  if (!stat || !system) return 0;
  // Field 22; the name, field 2, may hold blanks and parentheses.
  const auto name_end = stat->rfind(')');
  size_t at = name_end;
  for (int field = 2; field < 22 && at != stat->npos; ++field) at = stat->find(' ', at + 1);
  const auto boot_line = system->find("\nbtime ");
  if (name_end == stat->npos || at == stat->npos || boot_line == system->npos) return 0;
  int64_t ticks = 0;
  int64_t boot = 0;
  std::from_chars(stat->data() + at + 1, stat->data() + stat->size(), ticks);
  std::from_chars(system->data() + boot_line + 7, system->data() + system->size(), boot);
  return boot == 0 ? 0 : boot + ticks / ::sysconf(_SC_CLK_TCK);
}

bool same_file(const std::string& a, const std::string& b) {
  struct stat x {};
  struct stat y {};
  return ::stat(a.c_str(), &x) == 0 && ::stat(b.c_str(), &y) == 0 && x.st_dev == y.st_dev &&
         x.st_ino == y.st_ino;
}

/// A link in another root may say "/etc/shadow", and must not mean ours.
UniqueFd open_below(const std::string& root, const std::string& path) {
  const UniqueFd directory(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return {};
  struct open_how how {};
  how.flags = kOpenFlags;
  how.resolve = RESOLVE_IN_ROOT;
  UniqueFd fd(
      static_cast<int>(::syscall(SYS_openat2, directory.get(), path.c_str(), &how, sizeof how)));
  if (!fd && errno == ENOSYS) fd.reset(::open((root + path).c_str(), kOpenFlags | O_NOFOLLOW));
  return fd;
}

}  // namespace

LiveProcess live_process(uint32_t pid, int64_t recorded_until) {
  LiveProcess process;
  process.pid = pid;
  process.own_pid = pid;
  struct stat directory {};
  const auto path = fmt::format("/proc/{}", pid);
  if (::stat(path.c_str(), &directory) != 0) return process;
  // The boot time is rounded, and a process that was recorded may have begun just then.
  constexpr int64_t kRounding = 2;
  if (recorded_until != 0 && start_time(pid) > recorded_until + kRounding) return process;
  const auto status = read_text_file(path + "/status", 8192);
  if (!status) return process;
  process.own_pid = last_number(*status, "\nNSpid:", pid);
  process.user = directory.st_uid;
  process.own_files = !same_file(path + "/root", "/proc/self/root") ||
                      !same_file(path + "/ns/mnt", "/proc/self/ns/mnt");
  // Without the right to look at it, or when it is just ending, all differs and nothing could be
  // opened; a file of ours that has its own pid in its name would be another process's.
  if (::access((path + "/root/").c_str(), F_OK) != 0) {
    process.own_pid = pid;
    process.own_files = false;
  }
  return process;
}

Result<UniqueFd> open_process_file(const LiveProcess& process, const std::string& path,
                                   bool any_owner) {
  const auto root = process.own_files ? fmt::format("/proc/{}/root", process.pid) : std::string();
  const std::string shown = root + path;
  UniqueFd fd(process.own_files ? open_below(root, path)
                                : UniqueFd(::open(path.c_str(), kOpenFlags)));
  if (!fd) return fail_errno("cannot open '" + shown + "'");
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return fail_errno("cannot stat '" + shown + "'");
  if (!S_ISREG(status.st_mode)) return fail("'" + shown + "' is not a regular file");
  const bool trusted =
      status.st_uid == 0 || status.st_uid == ::geteuid() || status.st_uid == process.user;
  if (!trusted && !any_owner) {
    return fail(
        fmt::format("'{}' belongs to user {}, not to you or root, so it is not trusted "
                    "(-f takes it all the same)",
                    shown, status.st_uid));
  }
  return fd;
}

}  // namespace prof
