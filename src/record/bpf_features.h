// BpfFeatures: what of the kernel's BPF can be used here, found out by loading the least program
// that uses it. Asked by doctor.
#pragma once

#include <span>

#include "common/result.h"

namespace prof {

struct BpfFeature {
  const char* name;     // for a person
  const char* program;  // of bpf/features.bpf.c
  const char* needs;    // the options of prof that need it
};

std::span<const BpfFeature> bpf_features();

/// Loads its program, and unloads it.
Result<void> try_bpf_feature(const BpfFeature& feature);

}  // namespace prof
