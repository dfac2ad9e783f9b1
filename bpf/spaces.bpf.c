// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * spaces: keeps what the unwinder knows of processes true between two looks of user space. A child
 * has its parent's mappings, until one of them changes its own; after an exec nothing is known, nor
 * of a number whose process has ended. Loaded by record/kernel_tables.
 */
#include "bpf/stacks.bpf.h"

char spaces_license[] SEC("license") = "Dual BSD/GPL";

static __always_inline __u32 process_of(const struct task_struct* task) {
  if (config.pid_namespace) return number_in_namespace(BPF_CORE_READ(task, group_leader));
  return (__u32)BPF_CORE_READ(task, tgid);
}

SEC("tp_btf/sched_process_fork")
int spaces_fork(__u64* ctx) {
  const __u32 parent = process_of((const void*)ctx[0]);
  const __u32 child = process_of((const void*)ctx[1]);
  const struct unwind_space* known;
  struct unwind_space copy;
  if (child == parent || !child) return 0; /* a thread */
  known = bpf_map_lookup_elem(&spaces, &parent);
  /* Unless it would not be seen that the child's code is another than its parent's. */
  if (known && known->exec_pages) {
    copy = *known;
    bpf_map_update_elem(&spaces, &child, &copy, BPF_ANY);
  } else {
    bpf_map_delete_elem(&spaces, &child);
  }
  return 0;
}

SEC("tp_btf/sched_process_exec")
int spaces_exec(__u64* ctx) {
  const __u32 process = process_of((const void*)ctx[0]);
  bpf_map_delete_elem(&spaces, &process);
  return 0;
}

SEC("tp_btf/sched_process_exit")
int spaces_exit(__u64* ctx) {
  const struct task_struct* task = (const void*)ctx[0];
  const __u32 process = process_of(task);
  if (BPF_CORE_READ(task, tgid) == BPF_CORE_READ(task, pid)) bpf_map_delete_elem(&spaces, &process);
  return 0;
}
