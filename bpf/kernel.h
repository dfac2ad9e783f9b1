/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * kernel: the helpers, and what the BPF programs read of the kernel's own structures, by name:
 * libbpf finds where the fields are in the running kernel (CO-RE). Written by hand, so that nothing
 * depends on the kernel that prof is built on.
 */
#ifndef PROF_BPF_KERNEL_H
#define PROF_BPF_KERNEL_H

/* Each needs those before it. */
/* clang-format off */
#include <linux/types.h>
#include <linux/bpf.h>
#include <linux/bpf_perf_event.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
/* clang-format on */

/* Where a sample was taken, of struct bpf_perf_event_data, whose registers are the machine's own.
 */
#ifdef __TARGET_ARCH_arm64
#define SAMPLE_IP(ctx) ((ctx)->regs.pc)
#define SAMPLE_SP(ctx) ((ctx)->regs.sp)
#define SAMPLE_IN_USER(ctx) (((ctx)->regs.pstate & 15) == 0) /* PSR_MODE_EL0t */
#else
#define SAMPLE_IP(ctx) ((ctx)->regs.rip)
#define SAMPLE_SP(ctx) ((ctx)->regs.rsp)
#define SAMPLE_IN_USER(ctx) (((ctx)->regs.cs & 3) != 0)
#endif

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
  unsigned int inum;
};

struct pid_namespace {
  struct ns_common ns;
};

struct upid {
  int nr;
  struct pid_namespace* ns;
};

struct pid {
  unsigned int level;
  struct upid numbers[1]; /* level + 1 of them */
};

struct mm_struct {
  unsigned long exec_vm; /* pages */
};

/* The registers as the kernel keeps them; for programs <asm/ptrace.h> has others. */
struct pt_regs___kernel {
#ifndef __TARGET_ARCH_arm64
  unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip;
  unsigned short cs;
  unsigned long flags, sp;
  unsigned short ss;
#else
  unsigned long long pc;
#endif
};

struct task_struct {
  struct mm_struct* mm;
  int pid;
  int tgid;
  unsigned int __state; /* since 5.14 */
  unsigned int flags;
  unsigned int in_execve : 1;
  struct task_struct* group_leader;
  struct task_struct* real_parent;
  struct pid* thread_pid;
  __u64 start_boottime; /* ns; since 5.5 */
  __u32 self_exec_id;   /* counts execve(); u32 before 5.6, u64 since: its low half */
};

struct task_struct___5_13 { /* until then */
  long state;
};

struct bpf_iter__task {
  struct task_struct* task;
};

#pragma clang attribute pop

#endif /* PROF_BPF_KERNEL_H */
