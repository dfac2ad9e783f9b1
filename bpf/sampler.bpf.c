// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * sampler: takes the stacks of a perf event's samples and counts equal ones, so that only what is
 * new crosses to user space. Attached to each event by record/bpf_source.
 *
 * Two tables of counts take turns: while one is counted in, user space empties the other. A stack
 * that was not sent lately goes through the ring with its frames; what is known counts by its key.
 */
#include "bpf/kernel.h"
#include "bpf/stack_message.h"

char sampler_license[] SEC("license") = "Dual BSD/GPL";

#define MESSAGES_SIZE (4 << 20)

const volatile struct sampler_config config = {};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct sampler_control);
} control SEC(".maps");

struct counts {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 16384);
  __type(key, struct stack_key);
  __type(value, struct stack_count);
};
struct counts counts_0 SEC(".maps");
struct counts counts_1 SEC(".maps");

/* Stacks whose frames user space has, and in which epoch they were sent. */
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 65536);
  __type(key, struct stack_key);
  __type(value, __u32);
} sent SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, MESSAGES_SIZE);
} messages SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct sampler_stats);
} stats SEC(".maps");

/* A message being made. Samples do not interrupt each other on a CPU, but one of an event in NMI
 * may interrupt one of a timer: there is one for each context. */
#define SCRATCH_CONTEXTS 3
struct scratch {
  struct stack_message message;
  char comm[STACK_COMM_SIZE];
};
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, SCRATCH_CONTEXTS);
  __type(key, __u32);
  __type(value, struct scratch);
} scratches SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u32);
} depth SEC(".maps");

#define MAX_NAMESPACES 8 /* nested; the kernel has 32 at most */

struct hash_state {
  __u64 a;
  __u64 b;
};

static __always_inline void mix(struct hash_state* h, __u64 word) {
  h->a = (h->a ^ word) * 0x9e3779b97f4a7c15ULL;
  h->a ^= h->a >> 32;
  h->b = (h->b + word) * 0xbf58476d1ce4e5b9ULL;
  h->b ^= h->b >> 29;
}

/* Tells a process from a later one of the same number, and from itself before an execve(). */
static __always_inline __u64 incarnation(void) {
  const struct task_struct* task = (const void*)bpf_get_current_task();
  return BPF_CORE_READ(task, group_leader, start_boottime) + BPF_CORE_READ(task, self_exec_id);
}

static __always_inline struct stack_key key_of(const struct scratch* s, __u32 frames) {
  struct hash_state h = {config.seed[0], config.seed[1]};
  struct stack_key key;
  __u64 words[2];
  __u32 i;
  __builtin_memcpy(words, s->comm, sizeof words);
  mix(&h, words[0]);
  mix(&h, words[1]);
  mix(&h, (__u64)s->message.event << 32 | s->message.pid);
  mix(&h, (__u64)s->message.kernel_frames << 32 | s->message.user_frames);
  mix(&h, incarnation());
  if (!frames) mix(&h, s->message.ip);
  for (i = 0; i < STACK_MAX_FRAMES; ++i) {
    if (i >= frames) break;
    mix(&h, s->message.frames[i]);
  }
  mix(&h, config.seed[0] ^ config.seed[1]);
  key.high = h.a;
  key.low = h.b;
  return key;
}

/* User space looks every second; only a ring that fills up wakes it before. */
static __always_inline long send(void* message, __u64 size) {
  const __u64 waiting = bpf_ringbuf_query(&messages, BPF_RB_AVAIL_DATA);
  const __u64 flags = waiting > MESSAGES_SIZE / 4 ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
  return bpf_ringbuf_output(&messages, message, size, flags);
}

/* Counts a sample of a stack; 0 when it could. */
static __always_inline int count(void* table, const struct stack_key* key, __u64 period,
                                 __u64 time) {
  struct stack_count* known = bpf_map_lookup_elem(table, key);
  struct stack_hit hit = {STACK_MESSAGE_HIT, 0, *key, {1, period, time}};
  if (!known) {
    if (!bpf_map_update_elem(table, key, &hit.count, BPF_NOEXIST)) return 0;
    known = bpf_map_lookup_elem(table, key); /* another CPU was faster, or the table is full */
  }
  if (known) {
    __sync_fetch_and_add(&known->samples, 1);
    __sync_fetch_and_add(&known->period, period);
    known->last_time = time;
    return 0;
  }
  return send(&hit, sizeof hit) != 0;
}

/* Bytes of frames that were taken; 0 where there are none. */
static __always_inline __u32 take(void* ctx, __u64* frames, __u64 flags) {
  __u32 size = config.max_frames * 8;
  long taken;
  if (size > STACK_MAX_KERNEL * 8) size = STACK_MAX_KERNEL * 8;
  taken = bpf_get_stack(ctx, frames, size, flags);
  if (taken < 0) return 0;
  return (__u32)taken > STACK_MAX_KERNEL * 8 ? STACK_MAX_KERNEL * 8 : (__u32)taken;
}

/* A task's number in the namespace that was asked for. */
static __always_inline __u32 number_in_namespace(const struct task_struct* task) {
  const struct pid* pid = BPF_CORE_READ(task, thread_pid);
  const __u32 level = BPF_CORE_READ(pid, level);
  const __u32 size = bpf_core_type_size(struct upid);
  const __u64 numbers = (__u64)pid + bpf_core_field_offset(struct pid, numbers);
  __u32 i;
  for (i = 0; i < MAX_NAMESPACES; ++i) {
    const struct upid* upid = (const void*)(numbers + (__u64)i * size);
    if (i > level) break;
    if (BPF_CORE_READ(upid, ns, ns.inum) == config.pid_namespace) return BPF_CORE_READ(upid, nr);
  }
  return 0;
}

static __always_inline void identify(struct stack_message* m) {
  const struct task_struct* task;
  __u64 ids;
  if (!config.pid_namespace) {
    ids = bpf_get_current_pid_tgid();
    m->pid = (__u32)(ids >> 32);
    m->tid = (__u32)ids;
    return;
  }
  task = (const void*)bpf_get_current_task();
  m->pid = number_in_namespace(BPF_CORE_READ(task, group_leader));
  m->tid = number_in_namespace(task);
}

static __always_inline void sample(struct bpf_perf_event_data* ctx, struct scratch* s,
                                   struct sampler_stats* counted,
                                   const struct sampler_control* now) {
  struct stack_message* m = &s->message;
  const __u64 period = ctx->sample_period;
  void* table = now->active_table & 1 ? (void*)&counts_1 : (void*)&counts_0;
  const __u32 epoch = now->epoch;
  const __u32* sent_in;
  struct stack_key key;
  __u32 kernel = 0, user = 0, frames;

  m->kind = STACK_MESSAGE_NEW;
  m->event = config.event;
  identify(m);
  m->time = config.boottime ? bpf_ktime_get_boot_ns() : bpf_ktime_get_ns();
  m->ip = ctx->regs.rip;
  bpf_get_current_comm(s->comm, sizeof s->comm);
  if (config.kernel_stack) kernel = take(ctx, m->frames, 0) / 8;
  if (kernel > STACK_MAX_KERNEL) kernel = STACK_MAX_KERNEL;
  if (config.user_stack) user = take(ctx, m->frames + kernel, BPF_F_USER_STACK) / 8;
  if (user > STACK_MAX_USER) user = STACK_MAX_USER;
  m->kernel_frames = kernel;
  m->user_frames = user;
  frames = kernel + user;
  if (!frames && config.max_frames) __sync_fetch_and_add(&counted->no_stack, 1);
  key = key_of(s, frames);
  m->key = key;

  sent_in = bpf_map_lookup_elem(&sent, &key);
  if (!sent_in || *sent_in != epoch) {
    __u32 size = STACK_MESSAGE_SIZE(frames);
    if (size > sizeof *m) size = sizeof *m;
    if (send(m, size)) {
      __sync_fetch_and_add(&counted->lost_ring, 1);
      return;
    }
    bpf_map_update_elem(&sent, &key, &epoch, BPF_ANY);
  }
  if (count(table, &key, period, m->time)) {
    __sync_fetch_and_add(&counted->lost_table, 1);
  } else {
    __sync_fetch_and_add(&counted->samples, 1);
  }
}

SEC("perf_event")
int sampler(struct bpf_perf_event_data* ctx) {
  const __u32 zero = 0;
  __u32* level = bpf_map_lookup_elem(&depth, &zero);
  struct sampler_stats* counted = bpf_map_lookup_elem(&stats, &zero);
  const struct sampler_control* now = bpf_map_lookup_elem(&control, &zero);
  struct scratch* s;
  __u32 mine;
  if (!level || !counted || !now) return 0;
  __sync_fetch_and_add(&counted->runs, 1);
  mine = *level;
  s = bpf_map_lookup_elem(&scratches, &mine);
  if (!s) {
    __sync_fetch_and_add(&counted->lost_table, 1);
    return 0;
  }
  *level = mine + 1;
  sample(ctx, s, counted, now);
  *level = mine;
  return 0; /* nothing for the perf ring */
}
