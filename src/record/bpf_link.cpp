#include "record/bpf_link.h"

#include <cerrno>

#ifdef PROF_HAVE_BPF
#include <bpf/bpf.h>

namespace prof {

UniqueFd link_to_event(int program, int event, uint64_t cookie) {
  LIBBPF_OPTS(bpf_link_create_opts, options, .perf_event = {.bpf_cookie = cookie});
  const int link = bpf_link_create(program, event, BPF_PERF_EVENT, &options);
  if (link >= 0) return UniqueFd(link);
  errno = -link;
  return {};
}

}  // namespace prof

#else

namespace prof {

UniqueFd link_to_event(int, int, uint64_t) {
  errno = ENOSYS;
  return {};
}

}  // namespace prof

#endif
