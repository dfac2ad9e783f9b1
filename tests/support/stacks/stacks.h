// The variants of stacks.c: each calls visit(context) some `depth` calls down, through frames of
// every shape. Used by the differential tests of the unwinders.
#pragma once

using StacksVisit = void (*)(void*);
using Stacks = int (*)(int depth, int seed, StacksVisit visit, void* context);

#define PROF_STACKS(name) \
  extern "C" int stacks_##name(int depth, int seed, StacksVisit visit, void* context)
PROF_STACKS(O0);
PROF_STACKS(O1);
PROF_STACKS(O2);
PROF_STACKS(O3);
PROF_STACKS(fp);
PROF_STACKS(noplt);
PROF_STACKS(Os);
#undef PROF_STACKS

inline constexpr struct {
  const char* name;
  Stacks run;
} kStacks[] = {{"-O0", stacks_O0},
               {"-O1", stacks_O1},
               {"-O2", stacks_O2},
               {"-O3", stacks_O3},
               {"frame pointers", stacks_fp},
               {"no PLT", stacks_noplt},
               {"-Os", stacks_Os}};
