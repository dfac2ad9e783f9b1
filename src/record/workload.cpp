#include "record/workload.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace prof {

namespace {

Error exec_error(const std::string& name, int error) {
  if (error == ENOENT) {
    return {fmt::format("cannot run '{}': command not found", name), {}, 127};
  }
  return {fmt::format("cannot run '{}': {}", name, std::strerror(error)), {}, 126};
}

/// What execvp() of `name` finds as far as can be seen from here, and the errno with which it would
/// fail; 0 if it would not. What is missed here, the exec itself will tell.
struct FoundCommand {
  int error = ENOENT;
  std::string path;
};

FoundCommand find_command(const std::string& name) {
  const auto probe = [](const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return errno;
    if (!S_ISREG(status.st_mode)) return EACCES;
    return ::access(path.c_str(), X_OK) == 0 ? 0 : errno;
  };
  if (name.empty()) return {};
  if (name.find('/') != name.npos) return {probe(name), name};
  const char* variable = ::getenv("PATH");
  std::string_view path = variable ? variable : "/bin:/usr/bin";
  FoundCommand found;
  for (;;) {
    const auto colon = path.find(':');
    const auto directory = path.substr(0, colon);
    const auto file = fmt::format("{}/{}", directory.empty() ? "." : directory, name);
    const int error = probe(file);
    if (error == 0) return {0, file};
    if (error == EACCES) found.error = EACCES;  // but not executable; a later one may be
    if (colon == path.npos) return found;
    path.remove_prefix(colon + 1);
  }
}

[[noreturn]] void run_child(std::vector<char*> argv, int go, int failed, bool quiet_stdout,
                            bool fixed_addresses) {
  if (fixed_addresses) ::personality(ADDR_NO_RANDOMIZE);
  // The name under which the first instants show, before exec changes it.
  ::prctl(PR_SET_NAME, "prof-exec");
  if (quiet_stdout) ::dup2(STDERR_FILENO, STDOUT_FILENO);
  char byte = 0;
  ssize_t n;
  do {
    n = ::read(go, &byte, 1);
  } while (n < 0 && errno == EINTR);
  if (n != 1) ::_exit(0);  // the recorder gave up
  ::execvp(argv.front(), argv.data());
  const int error = errno;
  [[maybe_unused]] const auto written = ::write(failed, &error, sizeof error);
  ::_exit(127);
}

}  // namespace

std::string command_path(const std::string& name) {
  const auto found = find_command(name);
  return found.error == 0 ? found.path : "";
}

Result<std::unique_ptr<Workload>> Workload::fork(const std::vector<std::string>& command,
                                                 bool quiet_stdout, bool fixed_addresses) {
  if (const int error = find_command(command.front()).error) {
    return tl::unexpected(exec_error(command.front(), error));
  }
  std::array<int, 2> go{};
  std::array<int, 2> failed{};
  if (::pipe2(go.data(), O_CLOEXEC) != 0) return fail_errno("cannot make a pipe");
  UniqueFd go_read(go[0]);
  UniqueFd go_write(go[1]);
  if (::pipe2(failed.data(), O_CLOEXEC) != 0) return fail_errno("cannot make a pipe");
  UniqueFd failed_read(failed[0]);
  UniqueFd failed_write(failed[1]);

  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) return fail_errno("cannot fork");
  if (pid == 0) {
    go_write.reset();
    failed_read.reset();
    run_child(std::move(argv), go_read.get(), failed_write.get(), quiet_stdout, fixed_addresses);
  }
  std::unique_ptr<Workload> workload(new Workload);
  workload->name_ = command.front();
  workload->pid_ = pid;
  workload->go_ = std::move(go_write);
  workload->failed_ = std::move(failed_read);
  return workload;
}

Workload::~Workload() {
  const bool waiting = static_cast<bool>(go_);
  go_.reset();
  if (waiting) reap(true);
}

Result<void> Workload::release() {
  const char byte = 1;
  // A child that something else has killed already is found out by the read below.
  [[maybe_unused]] const auto written = ::write(go_.get(), &byte, 1);
  go_.reset();
  int error = 0;
  ssize_t n;
  do {
    n = ::read(failed_.get(), &error, sizeof error);
  } while (n < 0 && errno == EINTR);
  failed_.reset();
  if (n != sizeof error) return {};  // closed by exec
  reap(true);
  return tl::unexpected(exec_error(name_, error));
}

bool Workload::reap(bool wait) {
  if (ended_) return true;
  pid_t done;
  do {
    done = ::waitpid(pid_, &status_, wait ? 0 : WNOHANG);
  } while (done < 0 && errno == EINTR);
  ended_ = done == pid_ || (done < 0 && errno == ECHILD);
  return ended_;
}

void Workload::terminate() const {
  if (!ended_) ::kill(pid_, SIGTERM);
}

int Workload::exit_code() const {
  if (WIFSIGNALED(status_)) return 128 + WTERMSIG(status_);
  return WIFEXITED(status_) ? WEXITSTATUS(status_) : 0;
}

int Workload::signal() const {
  return WIFSIGNALED(status_) ? WTERMSIG(status_) : 0;
}

}  // namespace prof
