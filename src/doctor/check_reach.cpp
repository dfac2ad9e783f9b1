// Whom this user may record, besides the user space of own processes.
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "common/unique_fd.h"
#include "doctor/attempt.h"
#include "doctor/groups.h"

namespace prof {

namespace {

void check_kernel(CheckGroup& group) {
  const OwnThread thread;
  const Attempt attempt = open_attempt(small_recording("cpu-clock:k"), thread.target());
  if (attempt.source) return group.works("the kernel's part of stacks");
  group.fails("the kernel's part of stacks", *attempt.error);
}

/// A process of another user.
class Stranger {
 public:
  /// root makes one, which only waits; others look for one.
  Stranger();
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;
  ~Stranger();

  pid_t pid() const { return pid_; }  // 0: there is none
  uid_t uid() const { return uid_; }

 private:
  void make();

  static constexpr uid_t kNobody = 65534;
  pid_t pid_ = 0;
  uid_t uid_ = 0;
  bool is_ours_ = false;
};

Stranger::Stranger() {
  if (::geteuid() == 0) make();
  if (pid_ != 0) return;
  for (const pid_t pid : numeric_entries("/proc")) {
    struct stat status {};
    if (::stat(fmt::format("/proc/{}", pid).c_str(), &status) != 0) continue;
    if (status.st_uid == ::geteuid()) continue;
    pid_ = pid;
    uid_ = status.st_uid;
    return;
  }
}

void Stranger::make() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return;
  UniqueFd ours(ends[0]);
  UniqueFd theirs(ends[1]);
  const pid_t pid = ::fork();
  if (pid == 0) {
    const bool done =
        ::setresgid(kNobody, kNobody, kNobody) == 0 && ::setresuid(kNobody, kNobody, kNobody) == 0;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!done || ::write(theirs.get(), "", 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  theirs.reset();
  if (pid < 0) return;
  pid_ = pid;
  uid_ = kNobody;
  is_ours_ = true;
  char ready = 0;
  if (::read(ours.get(), &ready, 1) == 1) return;
  ::waitpid(pid, nullptr, 0);
  pid_ = 0;
  is_ours_ = false;
}

Stranger::~Stranger() {
  if (!is_ours_) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void check_others(CheckGroup& group) {
  const char* name = "processes of other users";
  const Stranger other;
  if (other.pid() == 0) return group.fact(name, "there are none");
  Target target;
  target.kind = TargetKind::Threads;
  target.cpus = {online_cpus().front()};
  target.all_cpus = false;
  target.threads = {other.pid()};
  const Attempt attempt = open_attempt(small_recording("cpu-clock"), target);
  if (!attempt.source) return group.fails(name, *attempt.error);
  // What it had mapped before the recording is read here.
  const UniqueFd maps(
      ::open(fmt::format("/proc/{}/maps", other.pid()).c_str(), O_RDONLY | O_CLOEXEC));
  if (maps) return group.works(name, fmt::format("tried one of user {}", other.uid()));
  group.partly(name,
               fmt::format("one of user {} can be sampled, but its mappings may not be read: what "
                           "ran before the recording has no names",
                           other.uid()),
               "run as root with all capabilities, or give prof CAP_SYS_PTRACE as well");
}

void check_machine(CheckGroup& group) {
  RecordOptions options = small_recording("cpu-clock");
  options.system_wide = true;
  auto target = resolve_target(options, 0);
  if (!target) return group.fails("the whole machine (-a)", target.error());
  const Attempt attempt = open_attempt(options, *target);
  if (!attempt.source) return group.fails("the whole machine (-a)", *attempt.error);
  const std::string cpus = fmt::format("{} CPUs", target->cpus.size());
  if (!attempt.source->user_only()) return group.works("the whole machine (-a)", cpus);
  group.partly("the whole machine (-a)", cpus + ", user space only",
               "run as root, or 'sysctl kernel.perf_event_paranoid=-1'");
}

}  // namespace

void check_reach(std::vector<Check>& checks) {
  CheckGroup group(checks, "reach");
  check_kernel(group);
  check_others(group);
  check_machine(group);
}

}  // namespace prof
