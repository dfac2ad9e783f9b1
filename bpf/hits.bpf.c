// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * hits: counts the stacks of a tracepoint's or uprobe's hits. Attached to each such event by
 * record/bpf_source.
 *
 * The kernel runs these programs at every hit on the machine, whatever threads and CPUs the event
 * was opened for, whether it is enabled, and whatever its period and its exclude bits are: all of
 * that is done here.
 */
#include "bpf/follow.bpf.h"

char hits_license[] SEC("license") = "Dual BSD/GPL";

/* A program of a uprobe may be put off its CPU while it runs: others follow on the same CPU, and
 * end in any order. */
#define MOST_AT_ONCE 8
struct hit_scratch {
  __u32 busy;
  __u32 reserved;
  struct scratch scratch;
};
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, MOST_AT_ONCE);
  __type(key, __u32);
  __type(value, struct hit_scratch);
} hit_scratches SEC(".maps");

/* Hits since the last that was counted, by event, for periods. */
#define EVENTS_WITH_PERIOD 256
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, EVENTS_WITH_PERIOD);
  __type(key, __u32);
  __type(value, __u64);
} hits_since SEC(".maps");

static __always_inline struct hit_scratch* claim(void) {
  __u32 i, slot;
  for (i = 0; i < MOST_AT_ONCE; ++i) {
    struct hit_scratch* s;
    slot = i;
    s = bpf_map_lookup_elem(&hit_scratches, &slot);
    if (s && __sync_val_compare_and_swap(&s->busy, 0, 1) == 0) return s;
  }
  return 0;
}

/* Whether this hit ends a period. */
static __always_inline int ends_period(void) {
  const __u32 event = config.event & (EVENTS_WITH_PERIOD - 1);
  __u64* since;
  if (config.period <= 1) return 1;
  since = bpf_map_lookup_elem(&hits_since, &event);
  if (!since || __sync_fetch_and_add(since, 1) + 1 < config.period) return 0;
  *since = 0;
  return 1;
}

/* The innermost frame of a part of the stack; 0 if there is none. */
static __always_inline __u64 innermost(void* ctx, __u64 flags) {
  __u64 frame = 0;
  return bpf_get_stack(ctx, &frame, sizeof frame, flags) > 0 ? frame : 0;
}

/* A tracepoint does not show where it was hit, but the stack does. Those of system calls are hit
 * in user space, as the kernel's own samples have it. Gives whether this hit is wanted. */
static __always_inline int find_place(void* ctx, __u64* ip) {
  const int taken = config.kernel_stack && config.max_frames; /* with the frames */
  int in_user = config.user_registers;
  if (!in_user && (!taken || config.exclude_user || config.exclude_kernel)) {
    *ip = innermost(ctx, 0);
    in_user = !*ip;
  }
  if (in_user && !config.max_frames) *ip = innermost(ctx, BPF_F_USER_STACK);
  return in_user ? !config.exclude_user : !config.exclude_kernel;
}

/* `caller`, if the kernel (before 6.12, or where the function does not begin by saving the frame
 * pointer) does not find it by itself. */
static __always_inline __u64 missing_caller(void* ctx, __u64 caller) {
  __u64 found[2] = {};
  if (!config.at_entry || !config.user_stack) return 0;
  bpf_get_stack(ctx, found, sizeof found, BPF_F_USER_STACK);
  return found[1] == caller ? 0 : caller;
}

/* `ip` is 0 where the registers are not to be seen. */
static __always_inline int hit(void* ctx, __u64 ip, __u64 caller) {
  const __u32 zero = 0;
  struct stack_stats* counted = bpf_map_lookup_elem(&stats, &zero);
  const struct stack_control* now = bpf_map_lookup_elem(&control, &zero);
  struct task_struct* task = bpf_get_current_task_btf();
  const __u64 time = clock_now();
  struct hit_scratch* s;
  if (!counted || !now || !now->enabled) return 0;
  if (!is_wanted_cpu() || !is_followed(task)) return 0;
  if (!ip && !find_place(ctx, &ip)) return 0;
  if (!ends_period()) return 0;
  __sync_fetch_and_add(&counted->runs, 1);
  s = claim();
  if (!s) {
    __sync_fetch_and_add(&counted->lost_table, 1);
    return 0;
  }
  s->scratch.walk.message.lasting = 0;
  s->scratch.in_user = 0;
  s->scratch.kernel_sp = 0;
  s->scratch.caller = missing_caller(ctx, caller);
  note_sample(ctx, &s->scratch, task, ip, config.period, time, now, counted);
  s->busy = 0;
  return 0;
}

SEC("tracepoint")
int hit_tracepoint(void* ctx) {
  return hit(ctx, 0, 0);
}

SEC("uprobe")
int hit_uprobe(bpf_user_pt_regs_t* ctx) {
#ifdef __TARGET_ARCH_arm64
  return hit(ctx, ctx->pc, ctx->regs[30]);
#else
  __u64 caller = 0; /* the call pushed it */
  if (config.at_entry) bpf_probe_read_user(&caller, sizeof caller, (const void*)ctx->rsp);
  return hit(ctx, ctx->rip, caller);
#endif
}
