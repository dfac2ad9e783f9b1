// Provokes events of one kind, as often as it is told, one at a time.
//
//   usage: provokes WHAT COUNT [PATH]
//
// WHAT is one of those below; PATH is a file, or for `files` a folder, that it writes to.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char* path = ".";

static void fail(const char* what) {
  perror(what);
  exit(1);
}

static void switches(long count) {
  const struct timespec pause = {0, 1000000};
  for (long i = 0; i < count; ++i) nanosleep(&pause, NULL);
}

// To the other CPU and back: nothing where there is but one.
static void migrations(long count) {
  for (long i = 0; i < count; ++i) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(1 - sched_getcpu(), &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0) fail("sched_setaffinity");
  }
}

static void connects(long count) {
  const int end = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (end < 0) fail("socket");
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(9)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (long i = 0; i < count; ++i) {
    if (connect(end, (const struct sockaddr*)&address, sizeof address) != 0) fail("connect");
  }
}

static void packets(long count) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) fail("socketpair");
  for (long i = 0; i < count; ++i) {
    char byte = 0;
    if (write(ends[0], &byte, 1) != 1 || read(ends[1], &byte, 1) != 1) fail("socketpair");
  }
}

static void pages(long count) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE), size = (size_t)count * page;
  char* memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) fail("mmap");
  madvise(memory, size, MADV_NOHUGEPAGE);
  for (size_t at = 0; at < size; at += page) memory[at] = 1;
}

static void execs(long count) {
  for (long i = 0; i < count; ++i) {
    const pid_t child = fork();
    if (child < 0) fail("fork");
    if (child == 0) {
      execlp("true", "true", (char*)NULL);
      _exit(127);
    }
    waitpid(child, NULL, 0);
  }
}

// COUNT writes of 256 KiB and as many of 4 KiB that go straight to the disk.
static void blocks(long count) {
  enum { kLarge = 256 << 10, kSmall = 4 << 10 };
  const int file = open(path, O_RDWR | O_CREAT | O_DIRECT | O_CLOEXEC, 0600);
  if (file < 0) fail(path);
  void* memory = NULL;
  if (posix_memalign(&memory, kSmall, kLarge) != 0) fail("posix_memalign");
  memset(memory, 1, kLarge);
  for (long i = 0; i < count; ++i) {
    if (pwrite(file, memory, kLarge, i * kLarge) != kLarge) fail("pwrite");
    if (pwrite(file, memory, kSmall, i * kLarge) != kSmall) fail("pwrite");
  }
}

static void files(long count) {
  for (long i = 0; i < count; ++i) {
    char name[4096];
    snprintf(name, sizeof name, "%s/provoked-%ld", path, i);
    const int file = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0 || close(file) != 0 || unlink(name) != 0) fail(name);
  }
}

static const struct {
  const char* name;
  void (*provoke)(long count);
} kKinds[] = {
    {"switches", switches}, {"migrations", migrations}, {"connects", connects},
    {"packets", packets},   {"pages", pages},           {"execs", execs},
    {"blocks", blocks},     {"files", files},
};

int main(int argc, char** argv) {
  if (argc > 3) path = argv[3];
  for (size_t i = 0; argc > 2 && i < sizeof kKinds / sizeof *kKinds; ++i) {
    if (strcmp(argv[1], kKinds[i].name) != 0) continue;
    kKinds[i].provoke(atol(argv[2]));
    return 0;
  }
  fprintf(stderr, "usage: provokes WHAT COUNT [PATH]\n");
  return 2;
}
