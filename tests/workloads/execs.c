// A chain of fork, exec and early exit.
//
//   usage: execs SECONDS [DYING]          DYING: children that exit at once, default 20
//
// execs: burn_parent, DYING short children, then one child that calls itself "before-exec", burns
// in burn_child, execs this program again (comm "execs", burn_after_exec), which at its end execs
// `sleep 0`. Each of the three burns takes a third of the time.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "burn.h"

BURN(parent)
BURN(child)
BURN(after_exec)

static void exec_self(const char* seconds) {
  char path[4096];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length <= 0) _exit(1);
  path[length] = '\0';
  execl(path, "execs", "after-exec", seconds, (char*)NULL);
  _exit(1);
}

int main(int argc, char** argv) {
  if (argc > 2 && strcmp(argv[1], "after-exec") == 0) {
    burn_after_exec(atof(argv[2]));
    execlp("sleep", "sleep", "0", (char*)NULL);
    return 1;
  }
  const double third = (argc > 1 ? atof(argv[1]) : 1.0) / 3;
  const int dying = argc > 2 ? atoi(argv[2]) : 20;

  burn_parent(third);
  for (int i = 0; i < dying; i++) {
    pid_t pid = fork();
    if (pid == 0) _exit(0);
    if (pid > 0) waitpid(pid, NULL, 0);
  }
  pid_t pid = fork();
  if (pid < 0) return 1;
  if (pid == 0) {
    char seconds[32];
    snprintf(seconds, sizeof seconds, "%.3f", third);
    prctl(PR_SET_NAME, "before-exec");
    burn_child(third);
    exec_self(seconds);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
