// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * features: the least program for each thing of the kernel that the other programs use. Loaded one
 * by one by record/bpf_features, with the maps whose names begin with the program's.
 */
#include "bpf/kernel.h"

char features_license[] SEC("license") = "Dual BSD/GPL";

SEC("perf_event")
int on_sample(void* ctx) {
  (void)ctx;
  return 0;
}

SEC("perf_event")
int stack(void* ctx) {
  __u64 frames[8];
  bpf_get_stack(ctx, frames, sizeof frames, BPF_F_USER_STACK);
  return 0;
}

SEC("tp_btf/sched_switch")
int on_switch(__u64* ctx) {
  volatile int pid = BPF_CORE_READ((struct task_struct*)ctx[1], tgid);
  (void)pid;
  return 0;
}

SEC("iter/task")
int each_task(struct bpf_iter__task* ctx) {
  struct task_struct* task = ctx->task;
  volatile int pid = task ? BPF_CORE_READ(task, tgid) : 0;
  (void)pid;
  return 0;
}

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 65536);
} ring_of_messages SEC(".maps");

SEC("perf_event")
int ring(void* ctx) {
  __u64 message = 0;
  (void)ctx;
  bpf_ringbuf_output(&ring_of_messages, &message, sizeof message, 0);
  return 0;
}

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 16);
  __type(key, __u64);
  __type(value, __u64);
} hash_lru SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 16);
  __type(key, __u64);
  __type(value, __u64);
} hash_plain SEC(".maps");

SEC("perf_event")
int hash(void* ctx) {
  const __u64 key = 1;
  (void)ctx;
  bpf_map_lookup_elem(&hash_lru, &key);
  bpf_map_lookup_elem(&hash_plain, &key);
  return 0;
}

struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, __u64);
} storage_of_tasks SEC(".maps");

SEC("tp_btf/sched_switch")
int storage(__u64* ctx) {
  bpf_task_storage_get(&storage_of_tasks, (struct task_struct*)ctx[1], 0, 0);
  return 0;
}

/* Tables that user space fills as memory, and finds by number. */
struct table {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(key_size, sizeof(__u32));
  __uint(value_size, sizeof(__u64));
};
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
  __uint(max_entries, 1);
  __uint(key_size, sizeof(__u32));
  __array(values, struct table);
} tables_by_number SEC(".maps");

SEC("perf_event")
int tables(void* ctx) {
  const __u32 zero = 0;
  void* table = bpf_map_lookup_elem(&tables_by_number, &zero);
  (void)ctx;
  if (table) bpf_map_lookup_elem(table, &zero);
  return 0;
}

SEC("perf_event")
int registers(void* ctx) {
  volatile long found = bpf_task_pt_regs((void*)bpf_get_current_task_btf());
  (void)ctx;
  (void)found;
  return 0;
}
