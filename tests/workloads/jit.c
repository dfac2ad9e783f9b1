// Runs code that no file holds, and names it in /tmp/perf-PID.map as JIT compilers do.
//
//   usage: jit SECONDS          prints its pid; leaves the map, exits 77 on other machines
//
//   main → run_jit → the generated functions, each for a third of the time:
//     "jit_plain"                            as `ADDR SIZE name`
//     "jit with spaces(int, char const*)"    with 0x prefixes
//     "jit_fresh"                            the address was "jit_stale" before: the last one wins
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "burn.h"

// void f(uint64_t n): counts n down to zero, with a frame pointer.
#if defined(__x86_64__)
static const unsigned char code[] = {
    0x55,                    // push %rbp
    0x48, 0x89, 0xe5,        // mov %rsp, %rbp
    0x48, 0x83, 0xef, 0x01,  // 1: sub $1, %rdi
    0x75, 0xfa,              // jne 1b
    0x5d,                    // pop %rbp
    0xc3,                    // ret
};
#elif defined(__aarch64__)
static const uint32_t code[] = {
    0xa9bf7bfd,  // stp x29, x30, [sp, #-16]!
    0x910003fd,  // mov x29, sp
    0xf1000400,  // 1: subs x0, x0, #1
    0x54ffffe1,  // b.ne 1b
    0xa8c17bfd,  // ldp x29, x30, [sp], #16
    0xd65f03c0,  // ret
};
#else
static const unsigned char code[] = {0};
#endif

enum { kSlot = 64, kFunctions = 3 };

typedef void (*jit_function)(uint64_t);

__attribute__((noinline)) static void run_jit(const unsigned char* at, double seconds) {
  jit_function function = (jit_function)(uintptr_t)at;
  for (double end = burn_clock() + seconds; burn_clock() < end;) function(100000);
}

static int write_map(const unsigned char* memory) {
  char path[64];
  snprintf(path, sizeof path, "/tmp/perf-%d.map", (int)getpid());
  FILE* map = fopen(path, "w");
  if (map == NULL) return 1;
  const unsigned long base = (unsigned long)(uintptr_t)memory;
  fprintf(map, "%lx %x jit_plain\n", base, kSlot);
  fprintf(map, "0x%lx 0x%x jit with spaces(int, char const*)\n", base + kSlot, kSlot);
  fprintf(map, "%lx %x jit_stale\n", base + 2 * kSlot, kSlot);
  fprintf(map, "%lx %x jit_fresh\n", base + 2 * kSlot, kSlot);
  return fclose(map);
}

int main(int argc, char** argv) {
  if (sizeof code < 4) return 77;
  const double third = (argc > 1 ? atof(argv[1]) : 1.0) / kFunctions;
  unsigned char* memory =
      mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 1;
  for (int i = 0; i < kFunctions; i++) memcpy(memory + i * kSlot, code, sizeof code);
  __builtin___clear_cache((char*)memory, (char*)memory + 4096);
  if (write_map(memory) != 0) return 1;
  printf("%d\n", (int)getpid());
  fflush(stdout);
  for (int i = 0; i < kFunctions; i++) run_jit(memory + i * kSlot, third);
  return 0;
}
