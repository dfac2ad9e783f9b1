#include "record/bpf_features.h"

#include "record/bpf_object.h"

namespace prof {

namespace {

#ifdef PROF_HAVE_BPF
constexpr unsigned char kFeatures[] = {
#include "features.bpf.inc"
};
#else
constexpr unsigned char kFeatures[] = {0};
#endif

constexpr BpfFeature kAll[] = {
    {"programs at samples", "on_sample", "--bpf, --call-graph bpf"},
    {"stacks taken by programs", "stack", "--bpf, --off-cpu"},
    {"hash tables", "hash", "--bpf, --off-cpu"},
    {"ring buffer", "ring", "--bpf, --off-cpu"},
    {"tables in shared memory", "tables", "--call-graph bpf"},
    {"registers of threads", "registers", "--call-graph bpf"},
    {"programs at context switches", "on_switch", "--off-cpu"},
    {"iterators over threads", "each_task", "--off-cpu"},
    {"task storage", "storage", "--off-cpu"},
};

}  // namespace

std::span<const BpfFeature> bpf_features() {
  return kAll;
}

Result<void> try_bpf_feature(const BpfFeature& feature) {
  const auto object = BpfObject::load_one(std::as_bytes(std::span(kFeatures)), feature.program);
  if (!object) return tl::unexpected(object.error());
  return {};
}

}  // namespace prof
