#include "record/perf_event.h"

#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cstring>
#include <vector>

#include "perfdata/encode.h"

namespace prof {

PerfEvent PerfEvent::open(const perf_event_attr& attr, pid_t tid, int cpu, Place place) {
  // The struct as the file will have it, and what came after (PERF_ATTR_SIZE_VER8: config3).
  std::array<std::byte, kWrittenAttrSize + sizeof place.config3> bytes{};
  perf_event_attr copy = attr;
  copy.size = place.config3 == 0 ? kWrittenAttrSize : static_cast<uint32_t>(bytes.size());
  std::memcpy(bytes.data(), &copy, kWrittenAttrSize);
  std::memcpy(bytes.data() + kWrittenAttrSize, &place.config3, sizeof place.config3);
  PerfEvent event;
  const bool cgroup = place.cgroup_fd >= 0;
  const unsigned long flags =
      PERF_FLAG_FD_CLOEXEC | (cgroup ? static_cast<unsigned long>(PERF_FLAG_PID_CGROUP) : 0);
  event.fd_.reset(
      static_cast<int>(::syscall(SYS_perf_event_open, bytes.data(), cgroup ? place.cgroup_fd : tid,
                                 cpu, place.group_fd, flags)));
  return event;
}

bool PerfEvent::enable() const {
  return ::ioctl(fd(), PERF_EVENT_IOC_ENABLE, 0) == 0;
}

bool PerfEvent::disable() const {
  return ::ioctl(fd(), PERF_EVENT_IOC_DISABLE, 0) == 0;
}

bool PerfEvent::filter(const std::string& filter) const {
  return ::ioctl(fd(), PERF_EVENT_IOC_SET_FILTER, filter.c_str()) == 0;
}

bool PerfEvent::attach(int program) const {
  return ::ioctl(fd(), PERF_EVENT_IOC_SET_BPF, program) == 0;
}

bool PerfEvent::pause_output(bool paused) const {
  return ::ioctl(fd(), PERF_EVENT_IOC_PAUSE_OUTPUT, paused ? 1 : 0) == 0;
}

bool PerfEvent::redirect_to(const PerfEvent& other) const {
  return ::ioctl(fd(), PERF_EVENT_IOC_SET_OUTPUT, other.fd()) == 0;
}

uint64_t PerfEvent::id() const {
  uint64_t id = 0;
  return ::ioctl(fd(), PERF_EVENT_IOC_ID, &id) == 0 ? id : 0;
}

std::optional<uint64_t> PerfEvent::lost(uint64_t read_format, size_t members) const {
  // value, times, id, lost; for a group its size, times, and then value, id and lost of each.
  const auto times = static_cast<size_t>(std::popcount(
      read_format & (PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING)));
  const bool group = (read_format & PERF_FORMAT_GROUP) != 0;
  std::vector<uint64_t> values(times + (group ? 1 + 3 * members : 3));
  const size_t size = values.size() * sizeof values.front();
  if (::read(fd(), values.data(), size) != static_cast<ssize_t>(size)) return std::nullopt;
  return values[times + (group ? 3 : 2)];
}

}  // namespace prof
