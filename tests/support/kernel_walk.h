/* The kernel-side unwinder (bpf/unwind.bpf.h), compiled for user space, over maps that the caller
 * owns. Used by KernelWalker. */
#ifndef PROF_TESTS_KERNEL_WALK_H
#define PROF_TESTS_KERNEL_WALK_H

#include "bpf/unwind_rule.h"
#include "bpf/unwind_tables.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Of what kernel_walk() ends with: enum unwind_outcome, whose header only walkers can include. */
enum { KERNEL_WALK_BOTTOM = 1, KERNEL_WALK_LIMIT = UNWIND_END_LIMIT };

struct kernel_maps {
  const struct unwind_rule* rules;
  __u32 rule_count;
  const struct unwind_module* modules;
  __u32 module_count;
  const struct unwind_range* ranges;
  __u32 range_count;
  __u32* const* shards;
  __u32 shard_count;
  __u32 generation;
  /* Memory that can be read: at its address in the process, and where it is now. */
  __u64 stack_begin;
  const void* stack;
  __u64 stack_size;
};

/* Walks from 17 registers in DWARF's order. The chain is in `frames`, of STACK_MAX_USER at most;
 * returns its length, and why it ended in *end (enum unwind_outcome, enum unwind_end). */
unsigned kernel_walk(const struct kernel_maps* maps, const __u64* registers, __u64* frames,
                     unsigned* end);

#ifdef __cplusplus
}
#endif

#endif
