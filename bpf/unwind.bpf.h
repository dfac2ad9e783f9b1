/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * unwind: walks the user stack of the current thread by unwind tables, in the kernel.
 *
 * What the verifier needs: searches without branches that depend on the data, and a step that is a
 * global function, so that it is verified once and not for each frame.
 */
#ifndef PROF_BPF_UNWIND_BPF_H
#define PROF_BPF_UNWIND_BPF_H

#include "bpf/kernel.h"
#include "bpf/stack_message.h"
#include "bpf/unwind_rule.h"
#include "bpf/unwind_tables.h"

#define WINDOW_WORDS 128 /* of the stack: 1024 bytes, read at once */
#define REGISTERS STACK_REGISTERS
#define CACHED_RULES 4096

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, UNWIND_MAX_RULES);
  __uint(map_flags, BPF_F_MMAPABLE);
  __type(key, __u32);
  __type(value, struct unwind_rule);
} rules SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, UNWIND_MAX_MODULES);
  __uint(map_flags, BPF_F_MMAPABLE);
  __type(key, __u32);
  __type(value, struct unwind_module);
} modules SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, UNWIND_MAX_RANGES);
  __uint(map_flags, BPF_F_MMAPABLE);
  __type(key, __u32);
  __type(value, struct unwind_range);
} ranges SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, UNWIND_MAX_SPACES);
  __type(key, __u32); /* process, in the first PID namespace */
  __type(value, struct unwind_space);
} spaces SEC(".maps");

struct shard_words {
  __u32 words[UNWIND_SHARD_WORDS];
};
struct shard {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(key_size, sizeof(__u32));
  __uint(value_size, sizeof(struct shard_words));
};
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
  __uint(max_entries, UNWIND_MAX_SHARDS);
  __uint(key_size, sizeof(__u32));
  __array(values, struct shard);
} shards SEC(".maps");

/* The rule of an address of a process: most frames of a sample were in one of the last, too. */
struct cached_rule {
  __u64 address;
  __u32 generation;
  __u32 rule;
};
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, CACHED_RULES);
  __type(key, __u32);
  __type(value, struct cached_rule);
} cached_rules SEC(".maps");

struct walk;
static __always_inline int read_word(struct walk* w, __u64 at, __u64* out);
static __always_inline int read_register(struct walk* w, __u32 number, __u64* out);

#define UNWIND_MEMORY struct walk*
#define UNWIND_READ(w, at, out) read_word(w, at, out)
#define UNWIND_REGISTER(w, number, out) read_register(w, number, out)
#include "bpf/unwind_step.h"

struct walk {
  __u64 registers[REGISTERS]; /* of the sample */
  __u64 exec_pages;           /* of the process now */
  __u64 window_at;            /* what of the stack is in `window`; NO_WINDOW: nothing */
  __u64 window[WINDOW_WORDS];
  __u64 value; /* of the last read */
  struct unwind_space space;
  struct unwind_range range; /* that held the last frame */
  struct unwind_state state; /* of the frame that the walk is at */
  __u32 first;               /* frames that were in the message before */
  __u32 length;              /* frames that were found, and put behind them */
  __u32 end;                 /* enum unwind_outcome or unwind_end */
  __u32 reserved;
  struct stack_message message;
};
#define NO_WINDOW (1ULL << 63) /* no user address */

/* Reads a word of the stack that is not in the window into w->value; 0 when it could. */
__noinline int read_stack(struct walk* w, __u64 at) {
  if (!w) return 1;
  if (bpf_probe_read_user(w->window, sizeof w->window, (const void*)at)) {
    /* At the end of a mapping the whole window may not be there. */
    w->window_at = NO_WINDOW;
    return bpf_probe_read_user(&w->value, 8, (const void*)at) != 0;
  }
  w->window_at = at;
  w->value = w->window[0];
  return 0;
}

/* Most words are in the window, and calls are dear where the kernel guards its returns. */
static __always_inline int read_word(struct walk* w, __u64 at, __u64* out) {
  const __u64 offset = at - w->window_at;
  int failed;
  if (offset <= (WINDOW_WORDS - 1) * 8 && !(offset & 7)) {
    *out = w->window[(offset >> 3) & (WINDOW_WORDS - 1)];
    return 0;
  }
  failed = read_stack(w, at);
  *out = w->value;
  return failed;
}

static __always_inline int read_register(struct walk* w, __u32 number, __u64* out) {
  if (number >= REGISTERS) return 1;
  *out = w->registers[number];
  return 0;
}

/* A word by its number; 0, which is no row's, where there is none. */
static __always_inline const struct shard_words* shard_of(__u32 word) {
  const __u32 number = word / UNWIND_SHARD_WORDS, zero = 0;
  void* shard = bpf_map_lookup_elem(&shards, &number);
  return shard ? bpf_map_lookup_elem(shard, &zero) : 0;
}

/* 1 if a <= b, both below 2^63, without a branch. */
static __always_inline __u64 not_above(__u64 a, __u64 b) {
  return (a - b - 1) >> 63;
}

/* Finds the range of an address in the process; 0 when it did. */
static __always_inline int find_range(struct walk* w, __u64 address) {
  __u32 at = w->space.first, left = w->space.count, i;
  const struct unwind_range* range;
  if (address - w->range.begin < w->range.end - w->range.begin) return 0;
  if (!left) return 1;
  for (i = 0; i < UNWIND_SEARCH_RANGES; ++i) {
    const __u32 half = left / 2;
    const __u32 middle = at + half;
    if (left < 2) break;
    range = bpf_map_lookup_elem(&ranges, &middle);
    if (!range) return 1;
    at += half & (0 - (__u32)not_above(range->begin, address));
    left -= half;
  }
  range = bpf_map_lookup_elem(&ranges, &at);
  if (!range || address - range->begin >= range->end - range->begin) return 1;
  w->range = *range;
  return 0;
}

/* The id of the rule of an address in `w->range`'s file. */
static __always_inline __u32 find_rule(struct walk* w, __u64 address) {
  const __u64 in_file = address - w->range.bias;
  const __u32 number = w->range.module;
  const struct unwind_module* module = bpf_map_lookup_elem(&modules, &number);
  const struct shard_words* words;
  __u64 page;
  __u32 place, rows, left, key, i;
  if (!module) return UNWIND_RULE_NONE;
  page = (in_file >> UNWIND_PAGE_BITS) - module->first_page;
  if (page >= module->page_count) return UNWIND_RULE_NONE;
  place = module->pages + 2 * (__u32)page;
  words = shard_of(place);
  if (!words) return UNWIND_RULE_NONE;
  rows = words->words[place & (UNWIND_SHARD_WORDS - 1)];
  left = words->words[(place + 1) & (UNWIND_SHARD_WORDS - 1)];
  if (!left) return UNWIND_RULE_NONE;
  words = shard_of(rows);
  if (!words) return UNWIND_RULE_NONE;
  key = unwind_row((__u32)in_file & (UNWIND_PAGE_SIZE - 1), UNWIND_RULE_MASK);
  for (i = 0; i < UNWIND_SEARCH_ROWS; ++i) {
    const __u32 half = left / 2;
    const __u64 row = words->words[(rows + half) & (UNWIND_SHARD_WORDS - 1)];
    if (left < 2) break;
    rows += half & (0 - (__u32)not_above(row, key));
    left -= half;
  }
  return unwind_row_rule(words->words[rows & (UNWIND_SHARD_WORDS - 1)]);
}

/* The rule's id for where the walk is; an enum unwind_end + UNWIND_RULE_MASK where none is known.
 */
static __always_inline __u32 rule_of(struct walk* w, __u64 address) {
  const __u32 slot =
      (__u32)(((address ^ address >> 12) * 0x9e3779b97f4a7c15ULL) >> 52) & (CACHED_RULES - 1);
  struct cached_rule* cached = bpf_map_lookup_elem(&cached_rules, &slot);
  __u32 rule;
  if (!cached) return UNWIND_RULE_NONE;
  if (cached->address == address && cached->generation == w->space.generation) return cached->rule;
  if (find_range(w, address)) return UNWIND_RULE_MASK + UNWIND_END_NO_RANGE;
  if (w->range.kind == UNWIND_RANGE_UNKNOWN) return UNWIND_RULE_MASK + UNWIND_END_NO_TABLE;
  rule = UNWIND_RULE_NONE;
  if (w->range.kind == UNWIND_RANGE_JIT) rule = UNWIND_RULE_FRAME_POINTER;
  if (w->range.kind == UNWIND_RANGE_FILE) rule = find_rule(w, address);
  /* A program that interrupts this one must not find half of it; no space has generation 0. */
  *(volatile __u32*)&cached->generation = 0;
  *(volatile __u64*)&cached->address = address;
  *(volatile __u32*)&cached->rule = rule;
  *(volatile __u32*)&cached->generation = w->space.generation;
  return rule;
}

/* One frame: 0 when there is another. */
static __always_inline int walk_one(struct walk* w) {
  const struct unwind_rule* rule;
  struct unwind_state* s = &w->state;
  __u32 id, at;
  at = w->first + w->length;
  if (w->length >= STACK_MAX_USER || at >= STACK_MAX_FRAMES) {
    w->end = UNWIND_END_LIMIT;
    return 1;
  }
  /* Readers look for a caller's call before its address. Code that a signal interrupted did not
   * call, and its first instruction may be the interrupted one. */
  w->message.frames[at] = s->pc + (s->live && w->length);
  ++w->length;
  id = rule_of(w, s->live ? s->pc : s->pc - 1);
  if (id > UNWIND_RULE_MASK) {
    w->end = id - UNWIND_RULE_MASK;
    return 1;
  }
  rule = bpf_map_lookup_elem(&rules, &id);
  if (!rule) {
    w->end = UNWIND_UNSUPPORTED_RULE;
    return 1;
  }
  /* A handler returns to the first byte of the code that leaves it: nothing was called there. */
  if (rule->cfa_kind == UNWIND_CFA_SIGNAL && w->length > 1) w->message.frames[at] = s->pc + 1;
  w->end = (__u32)unwind_step(w, UNWIND_X86_64, s, rule);
  if (!w->end && !s->pc) w->end = UNWIND_END_OF_STACK;
  return w->end != 0;
}

/* Some frames: 0 when there are others. Each here costs the verifier, and a call for each would
 * cost the walk. */
#define WALKED_AT_ONCE 2
__noinline int walk_some(struct walk* w) {
  if (!w) return 1;
  return walk_one(w) || walk_one(w);
}

/* Walks from w->registers to the bottom. The chain is put behind the w->first frames that are in
 * the message, as callers are recorded. */
__noinline int walk(struct walk* w, __u32 process) {
  const struct unwind_space* space = bpf_map_lookup_elem(&spaces, &process);
  struct unwind_state* s;
  __u32 i;
  if (!w) return 1;
  s = &w->state;
  w->length = 0;
  w->window_at = NO_WINDOW;
  w->range.begin = w->range.end = 0;
  s->pc = w->registers[16];
  s->sp = w->registers[7];
  s->fp = w->registers[6];
  s->bx_at = s->signal_at = 0;
  s->live = 1;
  s->fp_lost = s->bx_lost = 0;
  if (!space || (space->exec_pages && space->exec_pages != w->exec_pages)) {
    w->message.frames[w->first & 127] = s->pc;
    w->length = 1;
    w->end = UNWIND_END_NO_SPACE;
    return 0;
  }
  w->space = *space;
  for (i = 0; i <= STACK_MAX_USER / WALKED_AT_ONCE; ++i) {
    if (walk_some(w)) break;
  }
  return 0;
}

#endif /* PROF_BPF_UNWIND_BPF_H */
