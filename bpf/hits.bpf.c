// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * hits: counts the stacks of the hits of tracepoints and probes. Attached to each such event by
 * record/bpf_programs, with the event's number as its cookie.
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

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, HIT_MAX_EVENTS);
  __type(key, __u32);
  __type(value, struct hit_event);
} hit_events SEC(".maps");

/* Hits since the last that was counted, by event, for periods. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, HIT_MAX_EVENTS);
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
static __always_inline int ends_period(__u32 number, const struct hit_event* event) {
  __u64* since;
  if (event->period <= 1) return 1;
  since = bpf_map_lookup_elem(&hits_since, &number);
  if (!since || __sync_fetch_and_add(since, 1) + 1 < event->period) return 0;
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
static __always_inline int find_place(void* ctx, const struct hit_event* event, __u64* ip) {
  const int taken = config.kernel_stack && config.max_frames; /* with the frames */
  int in_user = event->user_registers;
  if (!in_user && (!taken || event->exclude_user || event->exclude_kernel)) {
    *ip = innermost(ctx, 0);
    in_user = !*ip;
  }
  if (in_user && !config.max_frames) *ip = innermost(ctx, BPF_F_USER_STACK);
  return in_user ? !event->exclude_user : !event->exclude_kernel;
}

/* What this hit counts for; nonzero if that is nothing a sum can take. The record lies at `ctx`, as
 * the tracepoint's format has it, but for its first 8 bytes (perf_trace_run_bpf_submit). The offset
 * is not known to the verifier, hence the copy. */
static __always_inline int weigh(void* ctx, const struct hit_event* event, __u64* weight) {
  const void* field = ctx + event->weight_offset;
  const __u32 unused = 64 - 8 * event->weight_size; /* bits */
  __u64 bits = 0;
  long failed = 0;
  *weight = event->period;
  if (!event->weight_size) return 0;
  if (event->weight_size == 1) failed = bpf_probe_read_kernel(&bits, 1, field);
  if (event->weight_size == 2) failed = bpf_probe_read_kernel(&bits, 2, field);
  if (event->weight_size == 4) failed = bpf_probe_read_kernel(&bits, 4, field);
  if (event->weight_size == 8) failed = bpf_probe_read_kernel(&bits, 8, field);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  bits >>= unused & 63;
#endif
  if (event->weight_signed) bits = (__u64)((__s64)(bits << (unused & 63)) >> (unused & 63));
  *weight = bits;
  return failed || (__s64)bits < 0;
}

/* `caller`, if the kernel (before 6.12, or where the function does not begin by saving the frame
 * pointer) does not find it by itself. */
static __always_inline __u64 missing_caller(void* ctx, const struct hit_event* event,
                                            __u64 caller) {
  __u64 found[2] = {};
  if (!event->at_entry || !config.user_stack) return 0;
  bpf_get_stack(ctx, found, sizeof found, BPF_F_USER_STACK);
  return found[1] == caller ? 0 : caller;
}

/* `ip` is 0 where the registers are not to be seen. */
static __always_inline int hit(void* ctx, __u32 number, const struct hit_event* event, __u64 ip,
                               __u64 caller) {
  const __u32 zero = 0;
  struct stack_stats* counted = bpf_map_lookup_elem(&stats, &zero);
  const struct stack_control* now = bpf_map_lookup_elem(&control, &zero);
  struct task_struct* task = bpf_get_current_task_btf();
  const __u64 time = clock_now();
  struct hit_scratch* s;
  __u64 weight;
  if (!counted || !now || !now->enabled) return 0;
  if (!is_wanted_cpu() || !is_followed(task)) return 0;
  if (!ip && !find_place(ctx, event, &ip)) return 0;
  if (!ends_period(number, event)) return 0;
  if (weigh(ctx, event, &weight)) {
    __sync_fetch_and_add(&counted->left_out, 1);
    return 0;
  }
  __sync_fetch_and_add(&counted->runs, 1);
  s = claim();
  if (!s) {
    __sync_fetch_and_add(&counted->lost_table, 1);
    return 0;
  }
  s->scratch.walk.message.lasting = 0;
  s->scratch.in_user = event->user_registers || event->exclude_kernel;
  s->scratch.no_user = event->exclude_user;
  s->scratch.kernel_sp = 0;
  s->scratch.caller = missing_caller(ctx, event, caller);
  note_sample(ctx, &s->scratch, task, ip, number, weight, time, now, counted);
  s->busy = 0;
  return 0;
}

SEC("tracepoint")
int hit_tracepoint(void* ctx) {
  const __u32 number = (__u32)bpf_get_attach_cookie(ctx);
  const struct hit_event* event = bpf_map_lookup_elem(&hit_events, &number);
  return event ? hit(ctx, number, event, 0, 0) : 0;
}

SEC("uprobe")
int hit_probe(bpf_user_pt_regs_t* ctx) {
  const __u32 number = (__u32)bpf_get_attach_cookie(ctx);
  const struct hit_event* event = bpf_map_lookup_elem(&hit_events, &number);
  __u64 caller = 0;
  if (!event) return 0;
#ifdef __TARGET_ARCH_arm64
  if (event->at_entry) caller = ctx->regs[30];
  return hit(ctx, number, event, ctx->pc, caller);
#else
  /* The call pushed it. */
  if (event->at_entry) bpf_probe_read_user(&caller, sizeof caller, (const void*)ctx->rsp);
  return hit(ctx, number, event, ctx->rip, caller);
#endif
}
