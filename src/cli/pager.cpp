#include "cli/pager.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace prof {

namespace {

std::string pager_command() {
  for (const char* name : {"PROF_PAGER", "PERF_PAGER", "PAGER"}) {
    if (const char* value = std::getenv(name)) return value;
  }
  return "less";
}

}  // namespace

Pager::Pager(bool wanted) {
  if (!wanted || ::isatty(STDOUT_FILENO) == 0) return;
  const std::string command = pager_command();
  if (command.empty() || command == "cat") return;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return;
  UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  ::setenv("LESS", "FRSX", 0);  // as perf and git: quit if it fits, keep the screen
  child_ = ::fork();
  if (child_ == 0) {
    ::dup2(read_end.get(), STDIN_FILENO);
    ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    ::_exit(127);
  }
  if (child_ > 0) pipe_ = std::move(write_end);
}

Pager::~Pager() {
  pipe_.reset();
  if (child_ > 0) ::waitpid(child_, nullptr, 0);
}

int Pager::fd() const {
  return pipe_ ? pipe_.get() : STDOUT_FILENO;
}

}  // namespace prof
