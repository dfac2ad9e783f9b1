// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * follow: the children of those who are recorded. Loaded by record/bpf_source beside the programs
 * that ask bpf/follow.bpf.h, unless everyone is recorded.
 */
#include "bpf/follow.bpf.h"

char follow_license[] SEC("license") = "Dual BSD/GPL";

/* Before the child runs for the first time. */
SEC("tp_btf/sched_process_fork")
int follow_fork(__u64* ctx) {
  const __u32 zero = 0;
  struct stack_stats* counted = bpf_map_lookup_elem(&stats, &zero);
  struct task_struct* child = (struct task_struct*)ctx[1];
  const __u32* known;
  if (!config.inherit || !is_followed((struct task_struct*)ctx[0])) return 0;
  follow(child);
  known = bpf_task_storage_get(&follows, child, 0, 0);
  if (!known && counted) __sync_fetch_and_add(&counted->lost_table, 1);
  return 0;
}

/* Its number may become another's. What it does until it is gone is still its own. */
SEC("tp_btf/sched_process_exit")
int follow_exit(__u64* ctx) {
  struct task_struct* task = (struct task_struct*)ctx[0];
  const __u32 number = own_number(task);
  if (is_followed(task)) bpf_map_delete_elem(&followed, &number);
  return 0;
}
