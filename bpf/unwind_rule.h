/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * unwind_rule: what an unwind table's rows mean. C, shared by the kernel-side unwinder and
 * src/unwind, which makes the tables; unwind_step.h walks by them.
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

#endif /* PROF_BPF_UNWIND_RULE_H */
