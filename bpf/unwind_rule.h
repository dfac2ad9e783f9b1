/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * unwind_rule: what an unwind table's rows mean, and one step of a walk by them. C, shared by the
 * kernel-side unwinder and src/unwind (its tables, its walker over stack copies, its tests).
 *
 * An includer that steps defines, before the include,
 *   UNWIND_MEMORY            the type of the context handed through unwind_step()
 *   UNWIND_READ(m, at, out)  reads the u64 of the stack at `at` into *out; 0 when it could
 *   UNWIND_REGISTER(m, n, out)  the sample's own register n (DWARF's number); 0 when it is known
 */
#ifndef PROF_BPF_UNWIND_RULE_H
#define PROF_BPF_UNWIND_RULE_H

#include <linux/types.h>

/*
 * A row: bits 31..20 are where in its 4 KiB page the rule begins, bits 19..0 the rule's id. Rows of
 * a page sort as integers; its first row begins at 0.
 */
#define UNWIND_PAGE_BITS 12
#define UNWIND_PAGE_SIZE (1u << UNWIND_PAGE_BITS)
#define UNWIND_RULE_BITS 20
#define UNWIND_RULE_MASK ((1u << UNWIND_RULE_BITS) - 1)

static inline __u32 unwind_row(__u32 in_page, __u32 rule) {
  return in_page << UNWIND_RULE_BITS | rule;
}
static inline __u32 unwind_row_begin(__u32 row) {
  return row >> UNWIND_RULE_BITS;
}
static inline __u32 unwind_row_rule(__u32 row) {
  return row & UNWIND_RULE_MASK;
}

/* Ids that mean the same in every dictionary. */
enum unwind_rule_id {
  UNWIND_RULE_NONE = 0,          /* nothing is known of this code */
  UNWIND_RULE_UNSUPPORTED = 1,   /* its rule cannot be said in a struct unwind_rule */
  UNWIND_RULE_END = 2,           /* the bottom of a stack: DWARF says so */
  UNWIND_RULE_FRAME_POINTER = 3, /* a guess, for code that has frame pointers and no CFI */
  UNWIND_RULE_FIRST_FREE = 4,
};

/* Where the canonical frame address (CFA: the stack pointer before the call) is. */
enum unwind_cfa_kind {
  UNWIND_CFA_NONE = 0,
  UNWIND_CFA_UNSUPPORTED,
  UNWIND_CFA_END,
  UNWIND_CFA_FRAME_POINTER,
  UNWIND_CFA_SP,       /* sp + cfa_offset */
  UNWIND_CFA_FP,       /* fp + cfa_offset */
  UNWIND_CFA_REGISTER, /* register cfa_register + cfa_offset: where that register is still known */
  UNWIND_CFA_DEREF_SP, /* *(sp + cfa_offset) + cfa_extra: frames of OpenSSL's assembly */
  UNWIND_CFA_DEREF_FP, /* *(fp + cfa_offset) + cfa_extra: gcc's over-aligned frames */
  UNWIND_CFA_PLT,      /* sp + cfa_offset, and 8 more from byte cfa_extra of a 16-byte entry on */
  UNWIND_CFA_SIGNAL,   /* all registers are in the kernel's signal frame at sp */
};

/* Where a register of the caller is. */
enum unwind_register_kind {
  UNWIND_SAME = 0,    /* nobody touched it */
  UNWIND_AT_CFA,      /* saved at CFA + offset */
  UNWIND_AT_SP,       /* saved at sp + offset */
  UNWIND_AT_FP,       /* saved at fp + offset */
  UNWIND_IN_REGISTER, /* return address only: in register ra_register */
  UNWIND_LOST,
};

/*
 * sp is rsp or sp, fp is rbp or x29, bx is rbx; aarch64 has no bx. On aarch64 a return address
 * that is UNWIND_SAME is in x30.
 */
struct unwind_rule {
  __u8 cfa_kind;
  __u8 fp_kind;
  __u8 ra_kind;
  __u8 bx_kind;
  __u8 cfa_register;
  __u8 ra_register;
  __u16 cfa_extra;
  __s32 cfa_offset;
  __s32 fp_offset;
  __s32 ra_offset;
  __s32 bx_offset;
};

/* What a step came to. */
enum unwind_outcome {
  UNWIND_STEPPED = 0,
  UNWIND_END_OF_STACK,
  UNWIND_NO_INFO,
  UNWIND_UNSUPPORTED_RULE,
  UNWIND_UNREADABLE, /* what it needs lies outside of what can be read */
  UNWIND_NO_PROGRESS,
};

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

#ifdef UNWIND_MEMORY

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

  if (r->fp_kind == UNWIND_AT_CFA || r->fp_kind == UNWIND_AT_SP || r->fp_kind == UNWIND_AT_FP) {
    at = unwind_saved_at(s, cfa, r->fp_kind, r->fp_offset);
    /* Below sp: the epilogue has popped it, and the register holds the caller's value again. */
    if (at >= s->sp) {
      if (UNWIND_READ(memory, at, &fp)) return UNWIND_UNREADABLE;
      s->fp_lost = 0;
    }
  } else if (r->fp_kind == UNWIND_LOST) {
    s->fp_lost = 1;
  }
  if (r->bx_kind == UNWIND_AT_CFA || r->bx_kind == UNWIND_AT_SP || r->bx_kind == UNWIND_AT_FP) {
    at = unwind_saved_at(s, cfa, r->bx_kind, r->bx_offset);
    if (at >= s->sp) {
      s->bx_at = at;
      s->bx_lost = 0;
    }
  } else if (r->bx_kind == UNWIND_LOST) {
    s->bx_lost = 1;
  }
  s->pc = arch == UNWIND_AARCH64 ? pc & UNWIND_ARM_ADDRESS_MASK : pc;
  s->sp = cfa;
  s->fp = fp;
  s->live = 0;
  return UNWIND_STEPPED;
}

#endif /* UNWIND_MEMORY */
#endif /* PROF_BPF_UNWIND_RULE_H */
