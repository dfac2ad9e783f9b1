/* The kernel-side unwinder as user-space code: what it takes from the kernel and from libbpf. */
#ifndef PROF_TESTS_BPF_SHIM_H
#define PROF_TESTS_BPF_SHIM_H

#define PROF_BPF_KERNEL_H /* this stands for bpf/kernel.h */

#include <linux/types.h>
#include <stddef.h>

#define SEC(name)
#define __uint(name, number) int(*name)[number]
#define __type(name, type) __typeof__(type)* name
#define __array(name, value) __typeof__(value)* name[]
#undef __always_inline
#define __noinline __attribute__((noinline))
#define __always_inline inline __attribute__((always_inline))

enum {
  BPF_MAP_TYPE_HASH = 1,
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_ARRAY_OF_MAPS
};
enum { BPF_F_MMAPABLE = 1024 };

void* shim_lookup(const void* map, const void* key);
long shim_read_user(void* to, unsigned size, const void* from);
#define bpf_map_lookup_elem(map, key) shim_lookup(map, key)
#define bpf_probe_read_user(to, size, from) shim_read_user(to, size, from)

#endif
