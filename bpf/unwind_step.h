/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * unwind_step: one step of a walk, from a frame to its caller's, by an unwind rule. C, shared by
 * the kernel-side unwinder, src/unwind's walker over stack copies, and the tests.
 *
 * An includer defines, before the include,
 *   UNWIND_MEMORY               the type of the context that is handed through
 *   UNWIND_READ(m, at, out)     reads the u64 of the stack at `at` into *out; 0 when it could
 *   UNWIND_REGISTER(m, n, out)  the sample's own register n (DWARF's number); 0 when it is known
 */
#ifndef PROF_BPF_UNWIND_STEP_H
#define PROF_BPF_UNWIND_STEP_H

#include "bpf/unwind_rule.h"

enum unwind_arch { UNWIND_X86_64 = 0, UNWIND_AARCH64 = 1 };

/* One frame. The walker sets pc, sp, fp, lr of the sample, live = 1, and the rest to 0. */
struct unwind_state {
  __u64 pc;
  __u64 sp;
  __u64 fp;
  __u64 lr;        /* aarch64, while live */
  __u64 bx_at;     /* where rbx was saved last; 0: it is in its register */
  __u64 signal_at; /* registers of the signal frame that was left last; 0: the sample's hold */
  __u8 live;       /* pc is exact and all registers are known: leaf, or interrupted by a signal */
  __u8 fp_lost;
  __u8 bx_lost;
};

/*
 * The kernel's signal frames. x86-64 (struct rt_sigframe, arch/x86/include/asm/sigframe.h): when
 * __restore_rt runs, its own address was popped and sp points to struct ucontext, whose
 * uc_mcontext begins at 40 with r8.
 *
 *     sp + 40  r8 r9 … r15 | rdi rsi rbp rbx rdx rax rcx rsp rip
 *                     104                              160 168
 * aarch64 (arch/arm64/kernel/signal.c): siginfo of 128 bytes, ucontext, whose uc_mcontext begins
 * at 176 with fault_address; x0…x30, sp, pc follow.
 */
#define UNWIND_X86_SIGNAL_REGISTERS 40
#define UNWIND_ARM_SIGNAL_REGISTERS (128 + 176 + 8)
/* An aarch64 user address has at most 48 bits; above are a pointer authentication code and a tag.
 */
#define UNWIND_ARM_ADDRESS_MASK ((1ULL << 48) - 1)

/* In which u64 of the signal frame's registers DWARF's register n is. */
static inline __u32 unwind_signal_slot(enum unwind_arch arch, __u32 n) {
  if (arch == UNWIND_AARCH64) return n;
  switch (n) {
    case 0: /* rax */
      return 13;
    case 1: /* rdx */
      return 12;
    case 2: /* rcx */
      return 14;
    case 3: /* rbx */
      return 11;
    case 4: /* rsi */
      return 9;
    case 5: /* rdi */
      return 8;
    case 6: /* rbp */
      return 10;
    case 7: /* rsp */
      return 15;
    case 16: /* rip */
      return 16;
    default: /* r8 to r15 */
      return (n - 8) & 7;
  }
}

/* The value of register n in this frame. rbx is known further up than the leaf: where each frame
 * saved it is kept, and read only here. */
static inline int unwind_register(UNWIND_MEMORY memory, enum unwind_arch arch,
                                  const struct unwind_state* s, __u32 n, __u64* out) {
  if (arch == UNWIND_X86_64 && n == 3) {
    if (s->bx_lost) return UNWIND_UNSUPPORTED_RULE;
    if (s->bx_at) return UNWIND_READ(memory, s->bx_at, out) ? UNWIND_UNREADABLE : UNWIND_STEPPED;
  } else if (!s->live) {
    return UNWIND_UNSUPPORTED_RULE;
  }
  if (s->signal_at) {
    const __u64 at = s->signal_at + 8ULL * unwind_signal_slot(arch, n);
    return UNWIND_READ(memory, at, out) ? UNWIND_UNREADABLE : UNWIND_STEPPED;
  }
  return UNWIND_REGISTER(memory, n, out) ? UNWIND_UNSUPPORTED_RULE : UNWIND_STEPPED;
}

/* Leaves a signal frame: everything is as it was when the signal came. */
static inline int unwind_signal_step(UNWIND_MEMORY memory, enum unwind_arch arch,
                                     struct unwind_state* s) {
  const int arm = arch == UNWIND_AARCH64;
  const __u64 at = s->sp + (arm ? UNWIND_ARM_SIGNAL_REGISTERS : UNWIND_X86_SIGNAL_REGISTERS);
  __u64 pc, sp, fp, lr = 0;
  if (UNWIND_READ(memory, at + (arm ? 32 * 8 : 16 * 8), &pc)) return UNWIND_UNREADABLE;
  if (UNWIND_READ(memory, at + (arm ? 31 * 8 : 15 * 8), &sp)) return UNWIND_UNREADABLE;
  if (UNWIND_READ(memory, at + (arm ? 29 * 8 : 10 * 8), &fp)) return UNWIND_UNREADABLE;
  if (arm && UNWIND_READ(memory, at + 30 * 8, &lr)) return UNWIND_UNREADABLE;
  s->pc = pc;
  s->sp = sp;
  s->fp = fp;
  s->lr = lr;
  s->signal_at = at;
  s->bx_at = 0;
  s->live = 1;
  s->fp_lost = 0;
  s->bx_lost = 0;
  return UNWIND_STEPPED;
}

/*
 * Code without unwind information, taken to have frame pointers:
 *
 *     fp + 8   return address
 *     fp       the caller's fp
 */
static inline int unwind_frame_pointer_step(UNWIND_MEMORY memory, enum unwind_arch arch,
                                            struct unwind_state* s) {
  const __u64 at = s->fp;
  __u64 pc, fp;
  if (s->fp_lost) return UNWIND_UNSUPPORTED_RULE;
  if (!at) return s->live ? UNWIND_NO_INFO : UNWIND_END_OF_STACK;
  if (at < s->sp) return UNWIND_NO_INFO; /* it holds something else */
  if (UNWIND_READ(memory, at + 8, &pc)) return UNWIND_UNREADABLE;
  if (UNWIND_READ(memory, at, &fp)) return UNWIND_UNREADABLE;
  s->pc = arch == UNWIND_AARCH64 ? pc & UNWIND_ARM_ADDRESS_MASK : pc;
  s->sp = at + 16;
  s->fp = fp;
  s->live = 0;
  s->bx_lost = 1; /* such code may have changed it */
  return UNWIND_STEPPED;
}

static inline int unwind_cfa(UNWIND_MEMORY memory, enum unwind_arch arch,
                             const struct unwind_state* s, const struct unwind_rule* r,
                             __u64* cfa) {
  const __u64 offset = (__u64)(__s64)r->cfa_offset;
  int outcome;
  switch (r->cfa_kind) {
    case UNWIND_CFA_SP:
      *cfa = s->sp + offset;
      return UNWIND_STEPPED;
    case UNWIND_CFA_FP:
      *cfa = s->fp + offset;
      return s->fp_lost ? UNWIND_UNSUPPORTED_RULE : UNWIND_STEPPED;
    case UNWIND_CFA_PLT:
      *cfa = s->sp + offset + ((s->pc & 15) >= r->cfa_extra ? 8 : 0);
      return UNWIND_STEPPED;
    case UNWIND_CFA_REGISTER:
      outcome = unwind_register(memory, arch, s, r->cfa_register, cfa);
      *cfa += offset;
      return outcome;
    case UNWIND_CFA_DEREF_SP:
    case UNWIND_CFA_DEREF_FP:
      if (r->cfa_kind == UNWIND_CFA_DEREF_FP && s->fp_lost) return UNWIND_UNSUPPORTED_RULE;
      if (UNWIND_READ(memory, (r->cfa_kind == UNWIND_CFA_DEREF_FP ? s->fp : s->sp) + offset, cfa))
        return UNWIND_UNREADABLE;
      *cfa += r->cfa_extra;
      return UNWIND_STEPPED;
    case UNWIND_CFA_END:
      return UNWIND_END_OF_STACK;
    case UNWIND_CFA_NONE:
      return UNWIND_NO_INFO;
    default:
      return UNWIND_UNSUPPORTED_RULE;
  }
}

/* The address of a saved register, by its kind. */
static inline __u64 unwind_saved_at(const struct unwind_state* s, __u64 cfa, __u8 kind,
                                    __s32 offset) {
  const __u64 base = kind == UNWIND_AT_CFA ? cfa : kind == UNWIND_AT_SP ? s->sp : s->fp;
  return base + (__u64)(__s64)offset;
}

/*
 * Whether a register's slot holds the caller's value. CFI seldom tells that an epilogue has loaded
 * the register again; then it holds the caller's value itself. It is seen by the slot lying below
 * sp, given up, or, where it is said relative to fp, by fp lying in a caller's frame again.
 */
static inline int unwind_is_saved(const struct unwind_state* s, __u64 cfa, __u8 kind, __u64 at) {
  if (kind != UNWIND_AT_CFA && kind != UNWIND_AT_SP && kind != UNWIND_AT_FP) return 0;
  return at >= s->sp && (kind != UNWIND_AT_FP || at < cfa);
}

static inline int unwind_return_address(UNWIND_MEMORY memory, enum unwind_arch arch,
                                        const struct unwind_state* s, const struct unwind_rule* r,
                                        __u64 cfa, __u64* pc) {
  __u64 at;
  if (r->ra_kind == UNWIND_IN_REGISTER) return unwind_register(memory, arch, s, r->ra_register, pc);
  if (r->ra_kind != UNWIND_SAME) {
    at = unwind_saved_at(s, cfa, r->ra_kind, r->ra_offset);
    /* aarch64's epilogue: x30 was loaded again already, and its slot given up */
    if (arch != UNWIND_AARCH64 || at >= s->sp)
      return UNWIND_READ(memory, at, pc) ? UNWIND_UNREADABLE : UNWIND_STEPPED;
  }
  if (arch != UNWIND_AARCH64 || !s->live) return UNWIND_UNSUPPORTED_RULE;
  *pc = s->lr;
  return UNWIND_STEPPED;
}

/*
 * From a frame to its caller's, by the rule of its pc (pc - 1 unless `live`). On anything but
 * UNWIND_STEPPED the state is unchanged.
 *
 *     CFA      ─►│ the caller's frame
 *     CFA - 8    │ return address
 *     CFA - 16   │ the caller's rbp, if this function saves it
 *     CFA - 24   │ rbx …
 *     sp       ─►│ locals
 */
static inline int unwind_step(UNWIND_MEMORY memory, enum unwind_arch arch, struct unwind_state* s,
                              const struct unwind_rule* r) {
  __u64 cfa = 0, pc = 0, fp = s->fp, at;
  __u8 fp_lost = s->fp_lost;
  int outcome;
  if (r->cfa_kind == UNWIND_CFA_SIGNAL) return unwind_signal_step(memory, arch, s);
  if (r->cfa_kind == UNWIND_CFA_FRAME_POINTER) return unwind_frame_pointer_step(memory, arch, s);

  outcome = unwind_cfa(memory, arch, s, r, &cfa);
  if (outcome) return outcome;
  /* The stack grows down, so a caller's frame lies higher; only an aarch64 leaf may have none. */
  if (cfa <= s->sp && !(arch == UNWIND_AARCH64 && s->live && cfa == s->sp))
    return UNWIND_NO_PROGRESS;
  outcome = unwind_return_address(memory, arch, s, r, cfa, &pc);
  if (outcome) return outcome;

  at = unwind_saved_at(s, cfa, r->fp_kind, r->fp_offset);
  if (unwind_is_saved(s, cfa, r->fp_kind, at)) {
    if (UNWIND_READ(memory, at, &fp)) return UNWIND_UNREADABLE;
    fp_lost = 0;
  } else if (r->fp_kind == UNWIND_LOST) {
    fp_lost = 1;
  }
  at = unwind_saved_at(s, cfa, r->bx_kind, r->bx_offset);
  if (unwind_is_saved(s, cfa, r->bx_kind, at)) {
    s->bx_at = at;
    s->bx_lost = 0;
  } else if (r->bx_kind == UNWIND_LOST) {
    s->bx_lost = 1;
  }
  s->fp_lost = fp_lost;
  s->pc = arch == UNWIND_AARCH64 ? pc & UNWIND_ARM_ADDRESS_MASK : pc;
  s->sp = cfa;
  s->fp = fp;
  s->live = 0;
  return UNWIND_STEPPED;
}

#endif /* PROF_BPF_UNWIND_STEP_H */
