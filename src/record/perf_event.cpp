#include "record/perf_event.h"

#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "perfdata/encode.h"

namespace prof {

PerfEvent PerfEvent::open(perf_event_attr attr, pid_t tid, int cpu) {
  attr.size = kWrittenAttrSize;  // the file will say the same
  PerfEvent event;
  event.fd_.reset(
      static_cast<int>(::syscall(SYS_perf_event_open, &attr, tid, cpu, -1, PERF_FLAG_FD_CLOEXEC)));
  return event;
}

bool PerfEvent::enable() const {
  return ::ioctl(fd(), PERF_EVENT_IOC_ENABLE, 0) == 0;
}

bool PerfEvent::disable() const {
  return ::ioctl(fd(), PERF_EVENT_IOC_DISABLE, 0) == 0;
}

bool PerfEvent::attach(int program) const {
  return ::ioctl(fd(), PERF_EVENT_IOC_SET_BPF, program) == 0;
}

bool PerfEvent::redirect_to(const PerfEvent& other) const {
  return ::ioctl(fd(), PERF_EVENT_IOC_SET_OUTPUT, other.fd()) == 0;
}

uint64_t PerfEvent::id() const {
  uint64_t id = 0;
  return ::ioctl(fd(), PERF_EVENT_IOC_ID, &id) == 0 ? id : 0;
}

std::optional<uint64_t> PerfEvent::lost() const {
  std::array<uint64_t, 3> values{};  // value, id, lost
  if (::read(fd(), values.data(), sizeof values) != sizeof values) return std::nullopt;
  return values[2];
}

}  // namespace prof
