/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * follow: whom a recording is of, for programs that run for every task of the machine.
 * bpf/follow.bpf.c keeps it up to date; the programs that include this ask.
 */
#ifndef PROF_BPF_FOLLOW_BPF_H
#define PROF_BPF_FOLLOW_BPF_H

#include "bpf/stacks.bpf.h"

/* Threads that are recorded from the beginning, by their number in our PID namespace, unless
 * everyone is; the value is an enum follow_from. Once seen, a thread is known by itself: an exec
 * changes its number. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 65536);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, __u32);
  __type(value, __u8);
} followed SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, __u32);
} follows SEC(".maps");

static __always_inline __u32 own_number(const struct task_struct* task) {
  return config.pid_namespace ? number_in_namespace(task) : (__u32)BPF_CORE_READ(task, pid);
}

/* A command of ours is what it is from its execve on; until then it is a copy of prof, which counts
 * as many of them as its parent does. */
static __always_inline int has_executed(const struct task_struct* task) {
  return BPF_CORE_READ(task, self_exec_id) != BPF_CORE_READ(task, real_parent, self_exec_id);
}

static __always_inline void follow(struct task_struct* task) {
  __u32* known = bpf_task_storage_get(&follows, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
  if (known) *known = 1;
}

static __always_inline int is_followed(struct task_struct* task) {
  const __u32* known;
  const __u8* from;
  __u32 number;
  if (config.everyone) return 1;
  known = bpf_task_storage_get(&follows, task, 0, 0);
  if (known && *known) return 1;
  number = own_number(task);
  from = number ? bpf_map_lookup_elem(&followed, &number) : 0;
  if (!from || (*from == FOLLOW_FROM_EXEC && !has_executed(task))) return 0;
  follow(task);
  return 1;
}

static __always_inline int is_wanted_cpu(void) {
  const __u32 cpu = bpf_get_smp_processor_id();
  return config.cpus[cpu >> 6 & 15] >> (cpu & 63) & 1;
}

#endif /* PROF_BPF_FOLLOW_BPF_H */
