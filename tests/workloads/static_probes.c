// Passes static probes (USDT) as often as it is told.
//
//   usage: static_probes CALLS [wait]
//
// demo:step is compiled in at two places, in step_often, which passes it 2 * CALLS times, and in
// step_seldom, CALLS times. demo:armed is passed CALLS times, but only while somebody listens: it
// has a semaphore. other:step and other:once are passed once. With `wait` it begins when a byte
// comes, or the end, on standard input.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "burn.h"

// A probe is a nop, and a note that says where it is: as systemtap's wiki describes it
// (UserSpaceProbeImplementation). The notes take part in no loading, so that their addresses are
// those of the file.
#define PROBE(provider, name, semaphore, argument)     \
  __asm__ volatile(                                    \
      "990: nop\n"                                     \
      ".pushsection .note.stapsdt, \"\", %%note\n"     \
      ".balign 4\n"                                    \
      ".4byte 992f - 991f, 994f - 993f, 3\n"           \
      "991: .asciz \"stapsdt\"\n"                      \
      "992: .balign 4\n"                               \
      "993: .8byte 990b, prof_probes_base, " semaphore \
      "\n"                                             \
      ".asciz \"" provider "\", \"" name               \
      "\", \"-8@%0\"\n"                                \
      "994: .balign 4\n"                               \
      ".popsection\n"                                  \
      :                                                \
      : "nor"((long)(argument)))

__asm__(
    ".pushsection .stapsdt.base, \"a\", %progbits\n"
    ".hidden prof_probes_base\n"
    ".globl prof_probes_base\n"
    "prof_probes_base: .space 1\n"
    ".popsection\n");

__attribute__((section(".probes"))) volatile unsigned short armed_semaphore;

static long calls;

static inline __attribute__((always_inline)) void step(long i) {
  PROBE("demo", "step", "0", i);
}

void step_often(void) {
  KEEP_FRAME;
  for (long i = 0; i < 2 * calls; ++i) step(i);
}

void step_seldom(void) {
  KEEP_FRAME;
  for (long i = 0; i < calls; ++i) step(i);
}

void step_armed(void) {
  KEEP_FRAME;
  for (long i = 0; i < calls; ++i) {
    if (armed_semaphore != 0) PROBE("demo", "armed", "armed_semaphore", i);
  }
}

void others(void) {
  KEEP_FRAME;
  PROBE("other", "step", "0", 1);
  PROBE("other", "once", "0", 1);
}

int main(int argc, char** argv) {
  calls = argc > 1 ? atol(argv[1]) : 100;
  if (argc > 2 && strcmp(argv[2], "wait") == 0) {
    char byte;
    if (read(0, &byte, 1) < 0) return 1;
  }
  step_often();
  step_seldom();
  step_armed();
  others();
  return 0;
}
