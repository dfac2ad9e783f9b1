// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * offcpu: counts for each stack how long threads were away from a CPU there: blocked, until they
 * were woken, and runnable, until they had a CPU. Loaded by record/bpf_source for --off-cpu.
 *
 *      switched out         woken              switched in
 *   ───────┤ blocked ─────────┼─ runnable ─────────├───────
 *   ───────┤ runnable: preempted ──────────────────├───────
 *
 * With config.wakers, what a thread was blocked for is also counted for the pair of its stack and
 * of the stack that woke it.
 */
#include "bpf/follow.bpf.h"

char offcpu_license[] SEC("license") = "Dual BSD/GPL";

#define PF_KTHREAD 0x00200000
#define TASK_UNINTERRUPTIBLE 2
/* Interruptible or not, stopped, traced, parked, frozen. */
#define TASK_BLOCKED (1 | TASK_UNINTERRUPTIBLE | 4 | 8 | 0x40 | 0x8000)
#define TASK_DEAD 0x80

/* Where a thread is away, and since when. */
struct away {
  struct stack_key key;
  __u64 since;            /* 0: it is not */
  __u64 woken;            /* 0: not yet */
  __u32 event;            /* of the time until it is woken */
  struct stack_key waker; /* who woke it; if has_waker */
  __u32 has_waker;
  __u32 reserved;
};
struct {
  __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct away);
} aways SEC(".maps");

/* Where a stack's frames begin to be the kernel's own and not those of the tracepoint. */
extern const void __schedule __ksym __weak;
#define SCHEDULE_SIZE 8192
#define MOST_SKIPPED 8
static __u32 frames_to_skip; /* + 1; 0: not known yet */
extern const void try_to_wake_up __ksym __weak;
#define TRY_TO_WAKE_UP_SIZE 4096
static __u32 waker_frames_to_skip; /* likewise */

/* What is kept of a thread that is recorded; 0 for others. */
static __always_inline struct away* away_of(struct task_struct* task) {
  if (!is_followed(task)) return 0;
  return bpf_task_storage_get(&aways, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
}

static __always_inline __u32 state_of(const struct task_struct* task) {
  if (bpf_core_field_exists(task->__state)) return BPF_CORE_READ(task, __state);
  return (__u32)BPF_CORE_READ((const struct task_struct___5_13*)task, state);
}

/* How many frames are the tracepoint's, before those of the function at `start`: found by the first
 * stack, and kept in `known`. */
static __always_inline __u64 skip(void* ctx, struct scratch* s, __u32* known, __u64 start,
                                  __u64 size) {
  __u32 taken, i, found = 0;
  if (*known) return *known - 1;
  taken = take(ctx, s->walk.message.frames, config.max_frames, 0);
  if (!taken) return 0;
  for (i = 0; i < MOST_SKIPPED; ++i) {
    if (i >= taken) break;
    if (s->walk.message.frames[i] - start < size) {
      found = i;
      break;
    }
  }
  *known = found + 1;
  return found;
}

static __always_inline int counts_here(const struct task_struct* task) {
  if (BPF_CORE_READ(task, pid) == 0 || BPF_CORE_READ(task, flags) & PF_KTHREAD) return 0;
  return is_wanted_cpu();
}

/* Notes where `away`'s thread is, by the current stack; nonzero when it could not. */
static __always_inline int note_away(__u64* ctx, struct away* away, const struct task_struct* task,
                                     __u64 time, __u64 skipped, const struct stack_control* now,
                                     struct stack_stats* counted) {
  const __u32 zero = 0;
  __u32* level = bpf_map_lookup_elem(&depth, &zero);
  struct scratch* s;
  __u32 mine;
  int failed;
  if (!level) return 1;
  mine = *level;
  s = bpf_map_lookup_elem(&scratches, &mine);
  if (!s) {
    __sync_fetch_and_add(&counted->lost_table, 1);
    return 1;
  }
  *level = mine + 1;
  s->walk.message.lasting = 1;
  s->in_user = 0;
  s->kernel_sp = 0;
  if (skipped == ~0ULL) skipped = skip(ctx, s, &frames_to_skip, (__u64)&__schedule, SCHEDULE_SIZE);
  failed = note_stack(ctx, s, task, 0, time, skipped, now, counted, &away->key);
  *level = mine;
  return failed;
}

/* Notes who wakes `away`'s thread: the current one. Whether it was only interrupted is told by its
 * frames, later. */
static __always_inline void note_waker(__u64* ctx, struct away* away,
                                       const struct stack_control* now,
                                       struct stack_stats* counted) {
  const __u32 zero = 0;
  const struct task_struct* task = bpf_get_current_task_btf();
  __u32* level = bpf_map_lookup_elem(&depth, &zero);
  struct scratch* s;
  __u64 skipped;
  __u32 mine;
  away->has_waker = 0;
  if (!level) return;
  mine = *level;
  s = bpf_map_lookup_elem(&scratches, &mine);
  if (!s) {
    __sync_fetch_and_add(&counted->lost_table, 1);
    return;
  }
  *level = mine + 1;
  s->walk.message.lasting = 0;
  s->in_user = 0;
  s->kernel_sp = 0;
  skipped = skip(ctx, s, &waker_frames_to_skip, (__u64)&try_to_wake_up, TRY_TO_WAKE_UP_SIZE);
  if (!note_stack(ctx, s, task, 0, clock_now(), skipped, now, counted, &away->waker))
    away->has_waker = 1;
  *level = mine;
}

/* Counts the time that a waker ended, for its stack and that of the woken thread together. */
static __always_inline void count_waker(const struct away* away, const struct stack_control* now,
                                        struct stack_stats* counted, __u64 blocked, __u64 time) {
  struct stack_pair pair = {STACK_MESSAGE_PAIR, 0, {0, 0}, away->key, away->waker};
  struct hash_state h = {config.seed[0], config.seed[1]};
  const __u32 epoch = now->epoch;
  const __u32* sent_in;
  mix(&h, away->key.high);
  mix(&h, away->key.low);
  mix(&h, away->waker.high);
  mix(&h, away->waker.low);
  mix(&h, config.seed[0] ^ config.seed[1]);
  pair.key.high = h.a;
  pair.key.low = h.b;
  sent_in = bpf_map_lookup_elem(&sent, &pair.key);
  if (!sent_in || *sent_in != epoch) {
    if (send(&pair, sizeof pair, 0)) {
      __sync_fetch_and_add(&counted->lost_ring, 1);
      return;
    }
    bpf_map_update_elem(&sent, &pair.key, &epoch, BPF_ANY);
  }
  count(now, counted, &pair.key, config.event_wakeup, blocked, time);
}

static __always_inline void leave(__u64* ctx, struct task_struct* task, int preempted,
                                  const struct stack_control* now, struct stack_stats* counted,
                                  __u64 time) {
  const __u32 state = preempted ? 0 : state_of(task);
  struct away* away;
  if (!counts_here(task) || state & TASK_DEAD) return;
  away = away_of(task);
  if (!away) return;
  away->since = 0;
  away->has_waker = 0;
  if (note_away(ctx, away, task, time, ~0ULL, now, counted)) return;
  away->event = state & TASK_UNINTERRUPTIBLE ? config.event_blocked_disk : config.event;
  /* Preempted, or already woken by another CPU: it waits for a CPU from now on. */
  away->woken = state & TASK_BLOCKED ? 0 : time;
  away->since = time;
}

static __always_inline void come_back(struct task_struct* task, const struct stack_control* now,
                                      struct stack_stats* counted, __u64 time) {
  struct away* away = bpf_task_storage_get(&aways, task, 0, 0);
  __u64 woken;
  if (!away || !away->since) return;
  woken = away->woken && away->woken < time ? away->woken : time;
  if (woken < away->since) woken = away->since;
  if (time - away->since >= config.min_block && time - away->since <= config.max_block) {
    if (woken > away->since) {
      count(now, counted, &away->key, away->event, woken - away->since, time);
      if (config.wakers && away->has_waker)
        count_waker(away, now, counted, woken - away->since, time);
    }
    if (time > woken) count(now, counted, &away->key, config.event_runnable, time - woken, time);
  }
  away->since = 0;
}

SEC("tp_btf/sched_switch")
int offcpu_switch(__u64* ctx) {
  const __u32 zero = 0;
  struct stack_stats* counted = bpf_map_lookup_elem(&stats, &zero);
  const struct stack_control* now = bpf_map_lookup_elem(&control, &zero);
  const __u64 time = clock_now();
  if (!counted || !now || !now->enabled) return 0;
  come_back((struct task_struct*)ctx[2], now, counted, time);
  leave(ctx, (struct task_struct*)ctx[1], (int)ctx[0], now, counted, time);
  return 0;
}

SEC("tp_btf/sched_wakeup")
int offcpu_wakeup(__u64* ctx) {
  struct away* away = bpf_task_storage_get(&aways, (struct task_struct*)ctx[0], 0, 0);
  if (away && away->since && !away->woken) away->woken = clock_now();
  return 0;
}

/* In the context of who wakes; sched_wakeup may come on another CPU. Loaded for wakers only. */
SEC("tp_btf/sched_waking")
int offcpu_waking(__u64* ctx) {
  const __u32 zero = 0;
  struct away* away = bpf_task_storage_get(&aways, (struct task_struct*)ctx[0], 0, 0);
  struct stack_stats* counted = bpf_map_lookup_elem(&stats, &zero);
  const struct stack_control* now = bpf_map_lookup_elem(&control, &zero);
  if (!counted || !now || !now->enabled || !away || !away->since || away->woken) return 0;
  note_waker(ctx, away, now, counted);
  return 0;
}

/* A new thread waits for a CPU from now on: where it was made, since it has been nowhere else. */
SEC("tp_btf/sched_process_fork")
int offcpu_fork(__u64* ctx) {
  const __u32 zero = 0;
  struct task_struct* parent = (struct task_struct*)ctx[0];
  struct task_struct* child = (struct task_struct*)ctx[1];
  struct stack_stats* counted = bpf_map_lookup_elem(&stats, &zero);
  const struct stack_control* now = bpf_map_lookup_elem(&control, &zero);
  const __u64 time = clock_now();
  struct away* away;
  if (!counted || !now || !now->enabled) return 0;
  if (!config.inherit || !is_followed(parent) || !counts_here(child)) return 0;
  away = bpf_task_storage_get(&aways, child, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
  if (!away) {
    __sync_fetch_and_add(&counted->lost_table, 1);
    return 0;
  }
  if (note_away(ctx, away, child, time, frames_to_skip ? frames_to_skip - 1 : 0, now, counted))
    return 0;
  away->event = config.event;
  away->woken = time;
  away->since = time;
  return 0;
}

/* Run over all threads at the end: those that are still away come back now. */
SEC("iter/task")
int offcpu_rest(struct bpf_iter__task* ctx) {
  const __u32 zero = 0;
  struct stack_stats* counted = bpf_map_lookup_elem(&stats, &zero);
  const struct stack_control* now = bpf_map_lookup_elem(&control, &zero);
  struct task_struct* task = ctx->task;
  if (task && counted && now) come_back(task, now, counted, clock_now());
  return 0;
}
