#include <string.h>

/* The shim stands for what the next would include. */
/* clang-format off */
#include "support/bpf_shim.h"
#include "bpf/unwind.bpf.h"
/* clang-format on */
#include "support/kernel_walk.h"

_Static_assert(KERNEL_WALK_BOTTOM == (int)UNWIND_END_OF_STACK, "of unwind_step.h");
_Static_assert(KERNEL_WALK_LIMIT == (int)UNWIND_END_LIMIT, "of unwind_tables.h");

static const struct kernel_maps* now;
static struct cached_rule cache[CACHED_RULES];
static struct unwind_space space;

void* shim_lookup(const void* map, const void* key) {
  const __u32 index = *(const __u32*)key;
  if (map == (const void*)&rules) {
    return index < now->rule_count ? (void*)&now->rules[index] : NULL;
  }
  if (map == (const void*)&modules) {
    return index < now->module_count ? (void*)&now->modules[index] : NULL;
  }
  if (map == (const void*)&ranges) {
    return index < now->range_count ? (void*)&now->ranges[index] : NULL;
  }
  if (map == (const void*)&shards) {
    return index < now->shard_count ? (void*)&now->shards[index] : NULL;
  }
  if (map == (const void*)&cached_rules) return &cache[index % CACHED_RULES];
  if (map == (const void*)&spaces) return index == 1 ? &space : NULL;
  return *(void* const*)map; /* of a shard: where its words are */
}

long shim_read_user(void* to, unsigned size, const void* from) {
  const __u64 offset = (__u64)from - now->stack_begin;
  if (offset > now->stack_size || now->stack_size - offset < size) return -14;
  memcpy(to, (const char*)now->stack + offset, size);
  return 0;
}

unsigned kernel_walk(const struct kernel_maps* maps, const __u64* registers, __u64* frames,
                     unsigned* end) {
  static struct walk w;
  now = maps;
  space.first = 0;
  space.count = maps->range_count;
  space.generation = maps->generation;
  memcpy(w.registers, registers, sizeof w.registers);
  walk(&w, 1);
  memcpy(frames, w.message.frames, w.length * sizeof *frames);
  *end = w.end;
  return w.length;
}
