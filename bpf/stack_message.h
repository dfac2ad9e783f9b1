/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * stack_message: what the BPF programs that count stacks hand to user space. C, shared by
 * bpf/stacks.bpf.h and record/bpf_source.
 */
#ifndef PROF_BPF_STACK_MESSAGE_H
#define PROF_BPF_STACK_MESSAGE_H

#include <linux/types.h>

#define STACK_MAX_KERNEL 127
#define STACK_MAX_USER 255 /* the kernel's own walk has 127 at most, too */
#define STACK_MAX_FRAMES (STACK_MAX_KERNEL + STACK_MAX_USER)
#define STACK_COMM_SIZE 16

/*
 * A stack's name: 128 bits of a keyed hash of process, thread name and frames. Whoever does not
 * know the key cannot make two stacks with one name, and chance does not in the age of the
 * universe.
 */
struct stack_key {
  __u64 high;
  __u64 low;
};

struct count_key {
  struct stack_key stack;
  __u32 event; /* its index among the recording's events */
  __u32 reserved;
};

/* What was counted for a stack since user space last asked. */
struct stack_count {
  __u64 samples;
  __u64 period;
  __u64 last_time; /* of the last of them */
};

/* Messages of the ring begin with one of these. */
enum stack_message_kind {
  STACK_MESSAGE_NEW = 1,    /* struct stack_message: a stack that user space may not know */
  STACK_MESSAGE_HIT = 2,    /* struct stack_hit: what found no room in the table of counts */
  STACK_MESSAGE_SAMPLE = 3, /* struct stack_sample, where samples are not counted */
  STACK_MESSAGE_STATE = 4,  /* struct stack_state: where an unfinished walk began */
  STACK_MESSAGE_COPY = 5,   /* struct stack_copy: a part of the stack that it walks on */
  STACK_MESSAGE_PAIR = 6,   /* struct stack_pair: two stacks that are counted together */
};

/* One sample. Its stack was sent before, perhaps long before. */
struct stack_sample {
  __u32 kind;
  __u32 event;
  __u32 tid;
  __u32 cpu;
  struct stack_key key;
  __u64 time;
  __u64 period;
};

/*
 * A walk that needs what is not known yet: the process's mappings, or a file's table. User space,
 * which can find out, walks anew from these registers, over the copies. They follow, ascending, and
 * then the stack itself, with the same key.
 */
#define STACK_REGISTERS 17 /* x86-64, by DWARF's numbers */
struct stack_state {
  __u32 kind;
  __u32 pid;
  struct stack_key key;
  __u64 time;
  __u64 exec_pages; /* of the process's memory: tells whether code was mapped since */
  __u64 registers[STACK_REGISTERS];
};

#define STACK_COPY_SIZE 4096
#define STACK_MAX_COPIES 16
struct stack_copy {
  __u32 kind;
  __u32 size;
  struct stack_key key;
  __u64 address;
  __u8 data[STACK_COPY_SIZE];
};

/* The same, where there is little room: what lies next to the stack pointer. */
#define STACK_SMALL_COPY_SIZE 1024
struct stack_small_copy {
  __u32 kind;
  __u32 size;
  struct stack_key key;
  __u64 address;
  __u8 data[STACK_SMALL_COPY_SIZE];
};

struct stack_hit {
  __u32 kind;
  __u32 reserved;
  struct count_key key;
  struct stack_count count;
};

/* Of the thread that was woken, and of the one that woke it; both were sent before. */
struct stack_pair {
  __u32 kind;
  __u32 reserved;
  struct stack_key key;
  struct stack_key woken;
  struct stack_key waker;
};

struct stack_message {
  __u32 kind;
  __u32 kernel_frames;
  __u32 user_frames;
  __u32 lasting; /* counts of it may come long after: of a thread that sleeps there */
  struct stack_key key;
  __u32
      pid; /* process and thread, in the namespace that was asked for; 0 if they have none there */
  __u32 tid;
  __u32 end;        /* why the walk by tables ended (unwind_tables.h); 0: it was not one */
  __u32 unfinished; /* user space will find the user's frames: see struct stack_state */
  __u64 ip;         /* of the sample; where it has no frames at all */
  __u64 frames[STACK_MAX_FRAMES]; /* leaf first: kernel_frames, then user_frames of them */
};

#define STACK_MESSAGE_SIZE(frame_count) \
  (__builtin_offsetof(struct stack_message, frames) + 8 * (frame_count))

/* What became of the samples; one for each CPU. samples + lost = runs; what was left out was no
 * run. */
struct stack_stats {
  __u64 runs;
  __u64 samples;
  __u64 lost_ring;  /* a new stack that found no room in the ring */
  __u64 lost_table; /* the table of counts could not be changed, and the ring was full */
  __u64 no_stack;   /* samples whose stack could not be taken: they count, by their address */
  __u64 left_out;   /* hits whose weight is negative, which no sum can take */
};

/* What user space tells the running programs. */
struct stack_control {
  __u32 active_table; /* 0 or 1: which table is counted in */
  __u32 epoch;        /* a stack that was sent in an earlier one is sent again */
  __u32 enabled;      /* for programs that no event switches on and off */
  __u32 reserved;
};

/* Since when a thread of the map `followed` is recorded. */
enum follow_from {
  FOLLOW_FROM_NOW = 1,
  FOLLOW_FROM_EXEC = 2, /* it is a command of ours, before its execve */
};

/* Set before loading. */
struct stack_config {
  __u64 seed[2];
  __u32 pid_namespace; /* inode of the one whose numbers are wanted; 0: the first */
  __u32 event;         /* index of the event that the program is of */
  __u32 max_frames;    /* of each part, 0: no stacks, the address alone */
  __u8 kernel_stack;   /* whether each part is wanted */
  __u8 user_stack;
  __u8 boottime; /* clock of the times; else monotonic */
  __u8 everyone; /* hits, off-CPU: all threads, else those of the map `followed` */
  __u8 inherit;  /* and the threads and children they make */
  __u8 unwind;   /* the user's part is found by unwind tables */
  __u8 each;     /* samples are sent one by one, not counted */
  __u8 wakers;   /* off-CPU: and count the stacks of wakers */
  __u8 reserved1[4];
  __u32 event_blocked_disk; /* off-CPU: `event` is of sleeps that a signal ends, this of others */
  __u32 event_runnable;     /* and this of waiting for a CPU */
  __u32 max_total;          /* frames of both parts, where the user's is walked by tables */
  __u32 event_wakeup;       /* off-CPU: of the time that a waker ended */
  __u32 recorder; /* process whose stack is not copied: working on copies, it would make more */
  __u32 reserved2;
  __u64 min_block; /* off-CPU: ns away from a CPU that count */
  __u64 max_block;
  __u64 cpus[16]; /* hits, off-CPU: bit set of those that count */
};

/* What the program of hits is told of each event; the number of the event is its cookie. */
#define HIT_MAX_EVENTS 4096
struct hit_event {
  __u64 period; /* every so many are counted */
  __u16
      weight_offset; /* a number in the tracepoint's record that is summed instead of the period */
  __u8 weight_size;  /* 1, 2, 4, 8; 0: none */
  __u8 weight_signed;
  __u8 exclude_kernel; /* those there do not count */
  __u8 exclude_user;
  __u8 user_registers; /* a sample of the event is of user space */
  __u8 at_entry;       /* the function has not made its frame yet */
};

#endif /* PROF_BPF_STACK_MESSAGE_H */
