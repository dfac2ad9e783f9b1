// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * sampler: counts the stacks of a perf event's samples. Attached to each event by
 * record/bpf_source; nothing is left for the event's own ring.
 */
#include "bpf/stacks.bpf.h"

char sampler_license[] SEC("license") = "Dual BSD/GPL";

SEC("perf_event")
int sampler(struct bpf_perf_event_data* ctx) {
  const __u32 zero = 0;
  __u32* level = bpf_map_lookup_elem(&depth, &zero);
  struct stack_stats* counted = bpf_map_lookup_elem(&stats, &zero);
  const struct stack_control* now = bpf_map_lookup_elem(&control, &zero);
  const __u64 time = clock_now();
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
  s->walk.message.lasting = 0;
  s->in_user = SAMPLE_IN_USER(ctx);
  s->kernel_sp = s->in_user ? 0 : SAMPLE_SP(ctx);
  *level = mine + 1;
  note_sample(ctx, s, bpf_get_current_task_btf(), SAMPLE_IP(ctx), config.event, ctx->sample_period,
              time, now, counted);
  *level = mine;
  return 0;
}
