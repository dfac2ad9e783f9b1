/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * stacks: counting equal stacks, for the programs that include it. Their maps are one set, shared
 * by name.
 *
 * Two tables of counts take turns: while one is counted in, user space empties the other. A stack
 * that was not sent lately goes through the ring with its frames; what is known counts by its key.
 */
#ifndef PROF_BPF_STACKS_BPF_H
#define PROF_BPF_STACKS_BPF_H

#include "bpf/kernel.h"
#include "bpf/stack_message.h"
#include "bpf/unwind.bpf.h"

#define MESSAGES_SIZE (8 << 20)
#define MAX_NAMESPACES 8 /* nested; the kernel has 32 at most */

const volatile struct stack_config config = {};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct stack_control);
} control SEC(".maps");

struct counts {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 16384);
  __type(key, struct count_key);
  __type(value, struct stack_count);
};
struct counts counts_0 SEC(".maps");
struct counts counts_1 SEC(".maps");

/* Stacks whose frames user space has, and in which epoch they were sent. */
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 65536);
  __type(key, struct stack_key);
  __type(value, __u32);
} sent SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, MESSAGES_SIZE);
} messages SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct stack_stats);
} stats SEC(".maps");

struct hash_state {
  __u64 a;
  __u64 b;
};

/* A message being made. A sample of an event in NMI may interrupt one of a timer, and that one a
 * context switch: there is one for each context. */
#define SCRATCH_CONTEXTS 4
struct scratch {
  struct walk walk; /* and the message */
  char comm[STACK_COMM_SIZE];
  struct hash_state hash;
  __u64 caller;    /* what a walk by frame pointers would leave out; 0: nothing */
  __u64 kernel_sp; /* of the sample, if it is in the kernel and that is known; else 0 */
  __u32 in_user;   /* no kernel frames are to be found */
  __u32 no_user;   /* none of user space are wanted */
};
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, SCRATCH_CONTEXTS);
  __type(key, __u32);
  __type(value, struct scratch);
} scratches SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u32);
} depth SEC(".maps");

static __always_inline void mix(struct hash_state* h, __u64 word) {
  h->a = (h->a ^ word) * 0x9e3779b97f4a7c15ULL;
  h->a ^= h->a >> 32;
  h->b = (h->b + word) * 0xbf58476d1ce4e5b9ULL;
  h->b ^= h->b >> 29;
}

/* Tells a process from a later one of the same number, and from itself before an execve(). */
static __always_inline __u64 incarnation(void) {
  const struct task_struct* task = bpf_get_current_task_btf();
  return task->group_leader->start_boottime + task->self_exec_id;
}

/* Mixes in the frames. A function of its own, so that the verifier looks at what follows once, and
 * not for each frame that may be the last. */
__noinline int hash_frames(struct scratch* s, __u32 frames) {
  struct hash_state h;
  __u32 i;
  if (!s) return 1;
  h = s->hash;
  for (i = 0; i < STACK_MAX_FRAMES; ++i) {
    if (i >= frames) break;
    mix(&h, s->walk.message.frames[i]);
  }
  s->hash = h;
  return 0;
}

static __always_inline struct stack_key key_of(struct scratch* s, __u32 frames, __u64 time) {
  struct hash_state h = {config.seed[0], config.seed[1]};
  struct stack_key key;
  __u64 words[2];
  __builtin_memcpy(words, s->comm, sizeof words);
  mix(&h, words[0]);
  mix(&h, words[1]);
  mix(&h, (__u64)s->walk.message.end << 32 | s->walk.message.pid);
  mix(&h, (__u64)s->walk.message.kernel_frames << 32 | s->walk.message.user_frames);
  mix(&h, incarnation());
  if (!frames) mix(&h, s->walk.message.ip);
  /* What will be found out about this stack is not known to be true of another. */
  if (s->walk.message.unfinished) mix(&h, time + ((__u64)bpf_get_smp_processor_id() << 48));
  s->hash = h;
  hash_frames(s, frames);
  h = s->hash;
  mix(&h, config.seed[0] ^ config.seed[1]);
  key.high = h.a;
  key.low = h.b;
  return key;
}

/* User space looks every second; only a ring that fills up, and what cannot wait, wake it before.
 */
static __always_inline long send(void* message, __u64 size, int at_once) {
  const __u64 waiting = bpf_ringbuf_query(&messages, BPF_RB_AVAIL_DATA);
  const __u64 flags =
      at_once || waiting > MESSAGES_SIZE / 4 ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
  return bpf_ringbuf_output(&messages, message, size, flags);
}

/* Counts something for a stack that the table knows; whether it does. */
static __always_inline int add(const struct stack_control* now, struct stack_stats* counted,
                               const struct stack_key* stack, __u32 event, __u64 period,
                               __u64 time) {
  const struct count_key key = {*stack, event, 0};
  void* table = now->active_table & 1 ? (void*)&counts_1 : (void*)&counts_0;
  struct stack_count* known = bpf_map_lookup_elem(table, &key);
  if (!known) return 0;
  __sync_fetch_and_add(&known->samples, 1);
  __sync_fetch_and_add(&known->period, period);
  known->last_time = time;
  __sync_fetch_and_add(&counted->samples, 1);
  return 1;
}

/* Counts something for a stack that was sent. */
static __always_inline void count(const struct stack_control* now, struct stack_stats* counted,
                                  const struct stack_key* stack, __u32 event, __u64 period,
                                  __u64 time) {
  void* table = now->active_table & 1 ? (void*)&counts_1 : (void*)&counts_0;
  struct stack_hit hit = {STACK_MESSAGE_HIT, 0, {*stack, event, 0}, {1, period, time}};
  if (add(now, counted, stack, event, period, time)) return;
  if (bpf_map_update_elem(table, &hit.key, &hit.count, BPF_NOEXIST)) {
    /* Another CPU was faster, or the table is full. */
    if (add(now, counted, stack, event, period, time)) return;
    if (send(&hit, sizeof hit, 0)) {
      __sync_fetch_and_add(&counted->lost_table, 1);
      return;
    }
  }
  __sync_fetch_and_add(&counted->samples, 1);
}

/* Sends a sample of a stack that was sent. */
static __always_inline void tell(const struct scratch* s, struct stack_stats* counted, __u32 event,
                                 __u64 period, __u64 time) {
  struct stack_sample sample = {STACK_MESSAGE_SAMPLE,
                                event,
                                s->walk.message.tid,
                                bpf_get_smp_processor_id(),
                                s->walk.message.key,
                                time,
                                period};
  if (send(&sample, sizeof sample, 0)) {
    __sync_fetch_and_add(&counted->lost_ring, 1);
  } else {
    __sync_fetch_and_add(&counted->samples, 1);
  }
}

/* A task's number in the namespace that was asked for. */
static __always_inline __u32 number_in_namespace(const struct task_struct* task) {
  const struct pid* pid = BPF_CORE_READ(task, thread_pid);
  const __u32 level = BPF_CORE_READ(pid, level);
  const __u32 size = bpf_core_type_size(struct upid);
  const __u64 numbers = (__u64)pid + bpf_core_field_offset(struct pid, numbers);
  __u32 i;
  for (i = 0; i < MAX_NAMESPACES; ++i) {
    const struct upid* upid = (const void*)(numbers + (__u64)i * size);
    if (i > level) break;
    if (BPF_CORE_READ(upid, ns, ns.inum) == config.pid_namespace) return BPF_CORE_READ(upid, nr);
  }
  return 0;
}

static __always_inline void identify(struct stack_message* m, const struct task_struct* task) {
  if (!config.pid_namespace) {
    m->pid = (__u32)task->tgid;
    m->tid = (__u32)task->pid;
    return;
  }
  m->pid = number_in_namespace(BPF_CORE_READ(task, group_leader));
  m->tid = number_in_namespace(task);
}

static __always_inline __u64 clock_now(void) {
  return config.boottime ? bpf_ktime_get_boot_ns() : bpf_ktime_get_ns();
}

/* Frames that were taken, `most` at most; 0 where there are none. `flags` begin with how many to
 * skip. */
static __always_inline __u32 take(void* ctx, __u64* frames, __u32 most, __u64 flags) {
  __u32 size = most * 8;
  long taken;
  if (size > STACK_MAX_KERNEL * 8) size = STACK_MAX_KERNEL * 8;
  taken = bpf_get_stack(ctx, frames, size, flags);
  if (taken < 0) return 0;
  return (__u32)taken > STACK_MAX_KERNEL * 8 ? STACK_MAX_KERNEL : (__u32)taken / 8;
}

enum taken {
  TAKEN,
  NO_STACK, /* there is none */
  NOT_OURS, /* there are no registers, or of a kind that is not walked by tables */
};

#ifndef __TARGET_ARCH_arm64
#define USER_CS 0x33 /* __USER_CS (arch/x86/include/asm/segment.h): code of 64 bits */

/* The user's registers at the last entry into the kernel. */
static __always_inline enum taken take_registers(struct walk* w, __u64 kernel_sp) {
  const struct task_struct* task = bpf_get_current_task_btf();
  const struct pt_regs___kernel* r = (const void*)bpf_task_pt_regs((void*)task);
  const struct mm_struct* mm = task->mm;
  __u64 word;
  if (!mm || r->cs != USER_CS) return NOT_OURS;
  /* An NMI came while the registers were being pushed: these are of the entry before. */
  if (kernel_sp > (__u64)&r->r11 && kernel_sp <= (__u64)(r + 1)) return NO_STACK;
  /* The program that called execve() is gone, and the registers are still its own. */
  if (BPF_CORE_READ_BITFIELD(task, in_execve) &&
      bpf_probe_read_user(&word, sizeof word, (const void*)r->sp))
    return NO_STACK;
  w->exec_pages = mm->exec_vm;
  w->registers[0] = r->ax;
  w->registers[1] = r->dx;
  w->registers[2] = r->cx;
  w->registers[3] = r->bx;
  w->registers[4] = r->si;
  w->registers[5] = r->di;
  w->registers[6] = r->bp;
  w->registers[7] = r->sp;
  w->registers[8] = r->r8;
  w->registers[9] = r->r9;
  w->registers[10] = r->r10;
  w->registers[11] = r->r11;
  w->registers[12] = r->r12;
  w->registers[13] = r->r13;
  w->registers[14] = r->r14;
  w->registers[15] = r->r15;
  w->registers[16] = r->ip;
  return TAKEN;
}
#else
static __always_inline enum taken take_registers(struct walk* w, __u64 kernel_sp) {
  (void)w;
  (void)kernel_sp;
  return NOT_OURS;
}
#endif

/* Whether user space can find out what this walk met. */
static __always_inline int is_unfinished(__u32 end) {
  return end == UNWIND_END_NO_SPACE || end == UNWIND_END_NO_TABLE;
}

/* The user's part by frame pointers. Where a function begins they are still its caller's, and lead
 * to the caller's caller. */
static __always_inline __u32 take_chain(void* ctx, const struct scratch* s, __u64* frames,
                                        __u32 most) {
  __u32 taken;
  if (!s->caller || most < 2) return take(ctx, frames, most, BPF_F_USER_STACK);
  taken = take(ctx, frames + 1, most - 1, BPF_F_USER_STACK);
  if (!taken) return 0;
  frames[0] = frames[1];
  frames[1] = s->caller;
  return taken + 1;
}

/* The user's part of the stack, behind `kernel` frames. */
static __always_inline __u32 take_user(void* ctx, struct scratch* s, __u32 kernel) {
  struct stack_message* m = &s->walk.message;
  struct walk* w = &s->walk;
  __u32 length;
  /* Of a process that /proc does not show us nothing can be known. */
  const enum taken taken = config.unwind && m->pid ? take_registers(w, s->kernel_sp) : NOT_OURS;
  if (taken == NO_STACK) return 0;
  if (taken == NOT_OURS) {
    if (kernel >= config.max_frames) return 0;
    return take_chain(ctx, s, m->frames + kernel, config.max_frames - kernel);
  }
  w->first = kernel;
  walk(w, m->pid);
  m->end = w->end;
  m->unfinished = is_unfinished(w->end);
  length = w->length;
  if (length > STACK_MAX_USER) length = STACK_MAX_USER;
  if (kernel + length > config.max_total) {
    if (kernel > config.max_total) return 0;
    length = config.max_total - kernel;
    m->end = UNWIND_END_LIMIT;
    m->unfinished = 0;
    if (length > STACK_MAX_USER) length = STACK_MAX_USER;
  }
  return length;
}

/* Copies what lies next to the stack pointer; nonzero when it could not. */
static __always_inline int send_small_copy(const struct stack_message* m, __u64 at) {
  struct stack_small_copy* copy = bpf_ringbuf_reserve(&messages, sizeof *copy, 0);
  __u32 size = STACK_COPY_SIZE - ((__u32)at & (STACK_COPY_SIZE - 1));
  if (!copy) return 1;
  if (size > STACK_SMALL_COPY_SIZE) size = STACK_SMALL_COPY_SIZE;
  if (bpf_probe_read_user(copy->data, size, (const void*)at)) {
    bpf_ringbuf_discard(copy, BPF_RB_NO_WAKEUP);
    return 1;
  }
  copy->kind = STACK_MESSAGE_COPY;
  copy->size = size;
  copy->key = m->key;
  copy->address = at;
  bpf_ringbuf_submit(copy, BPF_RB_NO_WAKEUP);
  return 0;
}

/* Copies what lies at `at`, to the end of its page, which can be read or not as a whole; the
 * address behind it, or 0 when it could not. */
static __always_inline __u64 send_copy(const struct stack_message* m, __u64 at) {
  struct stack_copy* copy = bpf_ringbuf_reserve(&messages, sizeof *copy, 0);
  __u32 size = STACK_COPY_SIZE - ((__u32)at & (STACK_COPY_SIZE - 1));
  if (!copy) return 0;
  if (size > STACK_COPY_SIZE) size = STACK_COPY_SIZE;
  if (bpf_probe_read_user(copy->data, size, (const void*)at)) {
    bpf_ringbuf_discard(copy, BPF_RB_NO_WAKEUP);
    return 0;
  }
  copy->kind = STACK_MESSAGE_COPY;
  copy->size = size;
  copy->key = m->key;
  copy->address = at;
  bpf_ringbuf_submit(copy, BPF_RB_NO_WAKEUP);
  return at + size;
}

/* Sends where an unfinished walk began, and the stack above, as much as there is room for. A new
 * process that provokes its events fast, as one that faults its memory in, fills the ring before
 * user space knows it: the fuller it is, the less of each stack is copied. */
__noinline int send_state(struct walk* w, __u64 time) {
  const struct stack_message* m;
  struct stack_state* state;
  __u64 at;
  __u32 i;
  if (!w) return 1;
  m = &w->message;
  state = bpf_ringbuf_reserve(&messages, sizeof *state, 0);
  if (!state) return 1;
  state->kind = STACK_MESSAGE_STATE;
  state->pid = m->pid;
  state->key = m->key;
  state->time = time;
  state->exec_pages = w->exec_pages;
  __builtin_memcpy(state->registers, w->registers, sizeof state->registers);
  bpf_ringbuf_submit(state, BPF_RB_NO_WAKEUP);
  if (m->pid == config.recorder) return 0;
  at = w->registers[7];
  for (i = 0; i < STACK_MAX_COPIES && at; ++i) {
    const __u64 waiting = bpf_ringbuf_query(&messages, BPF_RB_AVAIL_DATA);
    if (waiting > MESSAGES_SIZE / 8 * 7 || (waiting > MESSAGES_SIZE / 2 && i >= 2)) break;
    if (waiting > MESSAGES_SIZE / 8 * 5) {
      if (i == 0) send_small_copy(m, at);
      break;
    }
    at = send_copy(m, at);
  }
  return 0;
}

/* Takes the current thread's stack as that of `task`, and gives its name. */
static __always_inline void take_stack(void* ctx, struct scratch* s, const struct task_struct* task,
                                       __u64 ip, __u64 time, __u64 kernel_flags,
                                       struct stack_stats* counted, struct stack_key* key) {
  struct stack_message* m = &s->walk.message;
  __u32 kernel = 0, user = 0, frames;

  m->kind = STACK_MESSAGE_NEW;
  m->ip = ip;
  identify(m, task);
  bpf_get_current_comm(s->comm, sizeof s->comm);
  if (config.kernel_stack && !s->in_user)
    kernel = take(ctx, m->frames, config.max_frames, kernel_flags);
  if (kernel > STACK_MAX_KERNEL) kernel = STACK_MAX_KERNEL;
  m->end = m->unfinished = 0;
  if (config.user_stack && !s->no_user) user = take_user(ctx, s, kernel);
  if (user > STACK_MAX_USER) user = STACK_MAX_USER;
  m->kernel_frames = kernel;
  m->user_frames = user;
  frames = kernel + user;
  if (!frames && config.max_frames) __sync_fetch_and_add(&counted->no_stack, 1);
  if (!ip && frames) m->ip = m->frames[0];
  m->key = *key = key_of(s, frames, time);
}

/* Sends the stack that was taken, unless user space knows it; nonzero when it could not. */
static __always_inline int send_stack(struct scratch* s, __u64 time,
                                      const struct stack_control* now, struct stack_stats* counted,
                                      const struct stack_key* key) {
  const struct stack_message* m = &s->walk.message;
  const __u32 epoch = now->epoch;
  const __u32* sent_in;
  __u32 size;
  if (m->unfinished) {
    send_state(&s->walk, time);
  } else {
    sent_in = bpf_map_lookup_elem(&sent, key);
    if (sent_in && *sent_in == epoch) return 0;
  }
  size = STACK_MESSAGE_SIZE(m->kernel_frames + m->user_frames);
  if (size > sizeof *m) size = sizeof *m;
  if (send((void*)m, size, m->unfinished)) {
    __sync_fetch_and_add(&counted->lost_ring, 1);
    return 1;
  }
  if (!m->unfinished) bpf_map_update_elem(&sent, key, &epoch, BPF_ANY);
  return 0;
}

/* Both. */
static __always_inline int note_stack(void* ctx, struct scratch* s, const struct task_struct* task,
                                      __u64 ip, __u64 time, __u64 kernel_flags,
                                      const struct stack_control* now, struct stack_stats* counted,
                                      struct stack_key* key) {
  take_stack(ctx, s, task, ip, time, kernel_flags, counted, key);
  return send_stack(s, time, now, counted, key);
}

/* A sample of the event of that number. */
static __always_inline void note_sample(void* ctx, struct scratch* s,
                                        const struct task_struct* task, __u64 ip, __u32 event,
                                        __u64 period, __u64 time, const struct stack_control* now,
                                        struct stack_stats* counted) {
  struct stack_key key;
  take_stack(ctx, s, task, ip, time, 0, counted, &key);
  /* What is in the table was sent, and user space keeps it until it has emptied the table. */
  if (!config.each && add(now, counted, &key, event, period, time)) return;
  if (send_stack(s, time, now, counted, &key)) return;
  if (config.each) {
    tell(s, counted, event, period, time);
  } else {
    count(now, counted, &key, event, period, time);
  }
}

#endif /* PROF_BPF_STACKS_BPF_H */
