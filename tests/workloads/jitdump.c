// Runs code that no file holds, and tells of it in a jitdump as JIT compilers do.
//
//   usage: jitdump SECONDS FOLDER [frameless]
//                                     prints its pid; leaves FOLDER/jit-PID.dump
//                                     exits 77 on other machines than it knows code for
//
//   main → run_jit → the generated functions, each for a quarter of the time:
//     "jit_first"     at an address
//     "jit_second"    at the same address, later
//     "jit_moved"     at another one, and then, moved, at a third: half of the time in all
//   With "frameless", instead of these, one that uses the frame pointer for other things and tells
//   by unwinding information where its caller is (x86-64 alone):
//     main → run_jit → "jit_frameless" → call_back → burn_callback
//   All have the source line generated.js:LINE, 10, 20 and 30; the loop is one line further.
#include <elf.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "burn.h"

// void f(uint64_t n): counts n down to zero, with a frame pointer.
#if defined(__x86_64__)
enum { kMachine = EM_X86_64, kLoop = 4 };
static const unsigned char code[] = {
    0x55,                    // push %rbp
    0x48, 0x89, 0xe5,        // mov %rsp, %rbp
    0x48, 0x83, 0xef, 0x01,  // 1: sub $1, %rdi
    0x75, 0xfa,              // jne 1b
    0x5d,                    // pop %rbp
    0xc3,                    // ret
};
#elif defined(__aarch64__)
enum { kMachine = EM_AARCH64, kLoop = 8 };
static const uint32_t code[] = {
    0xa9bf7bfd,  // stp x29, x30, [sp, #-16]!
    0x910003fd,  // mov x29, sp
    0xf1000400,  // 1: subs x0, x0, #1
    0x54ffffe1,  // b.ne 1b
    0xa8c17bfd,  // ldp x29, x30, [sp], #16
    0xd65f03c0,  // ret
};
#else
enum { kMachine = EM_NONE, kLoop = 0 };
static const unsigned char code[] = {0};
#endif

enum { kSlot = 64 };

typedef void (*jit_function)(uint64_t);

__attribute__((noinline)) static void run_jit(const unsigned char* at, double seconds) {
  jit_function function = (jit_function)(uintptr_t)at;
  for (double end = burn_clock() + seconds; burn_clock() < end;) function(100000);
}

static FILE* dump;

static void put32(uint32_t value) {
  fwrite(&value, sizeof value, 1, dump);
}
static void put64(uint64_t value) {
  fwrite(&value, sizeof value, 1, dump);
}

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void record(uint32_t id, size_t payload) {
  put32(id);
  put32((uint32_t)(16 + payload));
  put64(now());
}

static int open_dump(const char* folder) {
  char path[4096];
  snprintf(path, sizeof path, "%s/jit-%d.dump", folder, (int)getpid());
  dump = fopen(path, "w+");
  if (dump == NULL) return 1;
  put32(0x4a695444);
  put32(1);
  put32(40);
  put32(kMachine);
  put32(0);
  put32((uint32_t)getpid());
  put64(now());
  put64(0);
  fflush(dump);
  // By this the recording learns of the file.
  return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fileno(dump), 0) == MAP_FAILED;
}

static void put_line(const unsigned char* at, uint32_t line, const char* file) {
  put64((uint64_t)(uintptr_t)at);
  put32(line);
  put32(0);
  fwrite(file, 1, strlen(file) + 1, dump);
}

static void load(unsigned char* at, const char* name, uint64_t index, uint32_t line) {
  static const char file[] = "generated.js";
  memcpy(at, code, sizeof code);
  __builtin___clear_cache((char*)at, (char*)at + sizeof code);
  record(2, 16 + 2 * (16 + sizeof file));
  put64((uint64_t)(uintptr_t)at);
  put64(2);
  put_line(at, line, file);
  put_line(at + kLoop, line + 1, file);
  record(0, 40 + strlen(name) + 1 + sizeof code);
  put32((uint32_t)getpid());
  put32((uint32_t)syscall(SYS_gettid));
  put64((uint64_t)(uintptr_t)at);
  put64((uint64_t)(uintptr_t)at);
  put64(sizeof code);
  put64(index);
  fwrite(name, 1, strlen(name) + 1, dump);
  fwrite(code, 1, sizeof code, dump);
  fflush(dump);
}

static void move(const unsigned char* from, unsigned char* to, uint64_t index) {
  memcpy(to, from, sizeof code);
  __builtin___clear_cache((char*)to, (char*)to + sizeof code);
  record(1, 48);
  put32((uint32_t)getpid());
  put32((uint32_t)syscall(SYS_gettid));
  put64((uint64_t)(uintptr_t)to);
  put64((uint64_t)(uintptr_t)from);
  put64((uint64_t)(uintptr_t)to);
  put64(sizeof code);
  put64(index);
  fflush(dump);
}

#if defined(__x86_64__)
BURN(callback)

__attribute__((noinline)) static void call_back(uint64_t n) {
  burn_callback((double)n * 1e-9);
  KEEP_FRAME;
}

// void f(uint64_t n): makes a frame of 40 bytes and calls call_back(n); rbp holds no frame.
enum { kCallee = 13 };
static unsigned char frameless[] = {
    0x55,                                      // push %rbp
    0x48, 0x83, 0xec, 0x20,                    // sub $32, %rsp
    0x48, 0x31, 0xed,                          // xor %rbp, %rbp
    0x48, 0xff, 0xc5,                          // inc %rbp
    0x48, 0xb8, 0,    0,    0, 0, 0, 0, 0, 0,  // mov $call_back, %rax
    0xff, 0xd0,                                // call *%rax
    0x48, 0x83, 0xc4, 0x20,                    // add $32, %rsp
    0x5d,                                      // pop %rbp
    0xc3,                                      // ret
};
// As inject lays it out behind the code: at the next multiple of 8, .eh_frame, then .eh_frame_hdr.
static const unsigned char eh_frame[] = {
    20,   0,    0,    0,    0,
    0,    0,    0,    1,    'z',
    'R',  0,    1,    0x78, 16,
    1,    0x1b,  // CIE
    0x0c, 7,    8,    0x90, 1,
    0,    0,  // CFA = rsp + 8, rip at CFA - 8
    28,   0,    0,    0,    28,
    0,    0,    0,  // FDE
    0xc0, 0xff, 0xff, 0xff, sizeof frameless,
    0,    0,    0,    0,        // 64 bytes before this
    0x41, 0x0e, 16,   0x86, 2,  // behind push
    0x44, 0x0e, 48,             // behind sub
    0x56, 0x0e, 16,             // behind add
    0x41, 0x0e, 8,    0xc6,     // behind pop
    0,    0,    0,    0,        // terminator
};
static const unsigned char eh_frame_hdr[20] = {1, 0x1b, 3, 0x3b, 0xc0, 0xff, 0xff, 0xff, 1};

static int run_frameless(unsigned char* at, double seconds) {
  static const char name[] = "jit_frameless";
  const uint64_t callee = (uint64_t)(uintptr_t)&call_back;
  memcpy(frameless + kCallee, &callee, sizeof callee);
  memcpy(at, frameless, sizeof frameless);
  record(4, 24 + sizeof eh_frame + sizeof eh_frame_hdr);
  put64(sizeof eh_frame + sizeof eh_frame_hdr);
  put64(sizeof eh_frame_hdr);
  put64(0);
  fwrite(eh_frame, 1, sizeof eh_frame, dump);
  fwrite(eh_frame_hdr, 1, sizeof eh_frame_hdr, dump);
  record(0, 40 + sizeof name + sizeof frameless);
  put32((uint32_t)getpid());
  put32((uint32_t)syscall(SYS_gettid));
  put64((uint64_t)(uintptr_t)at);
  put64((uint64_t)(uintptr_t)at);
  put64(sizeof frameless);
  put64(1);
  fwrite(name, 1, sizeof name, dump);
  fwrite(frameless, 1, sizeof frameless, dump);
  fflush(dump);
  const double end = burn_clock() + seconds;
  while (burn_clock() < end) ((jit_function)(uintptr_t)at)(10000000);
  return 0;
}
#else
static int run_frameless(unsigned char* at, double seconds) {
  (void)at, (void)seconds;
  return 77;
}
#endif

int main(int argc, char** argv) {
  if (sizeof code < 4) return 77;
  if (argc != 3 && argc != 4) return 2;
  const double quarter = atof(argv[1]) / 4;
  unsigned char* memory =
      mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED || open_dump(argv[2]) != 0) return 1;
  printf("%d\n", (int)getpid());
  fflush(stdout);
  if (argc == 4) return run_frameless(memory, 4 * quarter);
  load(memory, "jit_first", 1, 10);
  run_jit(memory, quarter);
  load(memory, "jit_second", 2, 20);
  run_jit(memory, quarter);
  load(memory + kSlot, "jit_moved", 3, 30);
  run_jit(memory + kSlot, quarter);
  move(memory + kSlot, memory + 2 * kSlot, 3);
  run_jit(memory + 2 * kSlot, quarter);
  record(3, 0);
  return fclose(dump) != 0;
}
