/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * unwind_tables: how unwind tables and the mappings of processes lie in the kernel-side unwinder's
 * maps. C, shared by bpf/unwind.bpf.h and record/bpf_tables.
 *
 *      process ──► space ──► ranges: address ──► module, bias
 *                                                  │
 *      shards: words of 32 bits      pages ◄───────┘
 *              ┌─────────────────────┬─────────────────────────┐
 *              │ struct unwind_page… │ rows (unwind_rule.h)…   │ 512 KiB each
 *              └─────────────────────┴─────────────────────────┘
 *
 * A word's number is that of its shard times UNWIND_SHARD_WORDS, plus its place there. The pages of
 * a module lie in one shard, one after the other, and so do the rows of a page.
 */
#ifndef PROF_BPF_UNWIND_TABLES_H
#define PROF_BPF_UNWIND_TABLES_H

#include <linux/types.h>

#define UNWIND_SHARD_WORDS (1u << 17)
#define UNWIND_MAX_SHARDS 512u /* 256 MiB: some 64 million rows */
#define UNWIND_MAX_MODULES 65536u
#define UNWIND_MAX_RULES 16384u /* a whole system needs a few thousand */
#define UNWIND_MAX_RANGES 262144u
#define UNWIND_MAX_SPACES 65536u /* processes */
#define UNWIND_SEARCH_RANGES 13  /* steps: a process has 8,191 mappings of code at most */
#define UNWIND_SEARCH_ROWS 12    /* steps: a page has at most 4,095 rows */

struct unwind_page {
  __u32 rows;  /* number of the first word */
  __u32 count; /* 0: no code */
};

struct unwind_module {
  __u64 first_page; /* ELF address / 4096 */
  __u32 page_count;
  __u32 pages; /* number of the first word of its struct unwind_page */
};

enum unwind_range_kind {
  UNWIND_RANGE_FILE = 0,
  UNWIND_RANGE_JIT = 1,     /* memory without a file: frame pointers are all there is */
  UNWIND_RANGE_UNKNOWN = 2, /* a file whose table is not there yet */
  UNWIND_RANGE_NONE = 3,    /* a file that has none */
};

/* A mapping of code. A process's lie one after the other, by address. */
struct unwind_range {
  __u64 begin;
  __u64 end;
  __u64 bias; /* address - bias is the address in the ELF file */
  __u32 module;
  __u32 kind;
};

struct unwind_space {
  __u32 first; /* its ranges */
  __u32 count;
  __u32 generation; /* of all spaces ever made: what is cached of another is not meant */
  __u32 reserved;
  __u64 exec_pages; /* of its memory when this was found out; 0: they come and go */
};

/* Why a walk ended, besides enum unwind_outcome. */
enum unwind_end {
  UNWIND_END_NO_SPACE = 16, /* nothing is known of the process */
  UNWIND_END_NO_RANGE,      /* nothing is mapped there, as far as is known */
  UNWIND_END_NO_TABLE,      /* the file's table is not there */
  UNWIND_END_LIMIT,         /* STACK_MAX_USER frames */
};

#endif /* PROF_BPF_UNWIND_TABLES_H */
