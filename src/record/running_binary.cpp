#include "record/running_binary.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <optional>
#include <utility>

#include "common/text_file.h"
#include "object/build_id_reader.h"
#include "object/proc_maps.h"

namespace prof {

namespace {

/// The range of the mapping that holds `addr` now: its ends may have moved since it was made.
std::optional<std::pair<uint64_t, uint64_t>> range_at(uint32_t pid, uint64_t addr) {
  const auto maps = read_text_file(fmt::format("/proc/{}/maps", pid));
  if (!maps) return std::nullopt;
  std::optional<std::pair<uint64_t, uint64_t>> range;
  for_each_proc_map(*maps, [&](const ProcMapsEntry& entry) {
    if (addr >= entry.start && addr < entry.end) range = {entry.start, entry.end};
  });
  return range;
}

}  // namespace

/// What was looked at is what is opened, whatever happens to the name meanwhile.
UniqueFd open_regular(const std::string& path) {
  const UniqueFd place(::open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat status {};
  if (!place || ::fstat(place.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  return UniqueFd(
      ::open(fmt::format("/proc/self/fd/{}", place.get()).c_str(), O_RDONLY | O_CLOEXEC));
}

bool is_that_binary(const UniqueFd& fd, const RunningBinary& binary) {
  if (!fd) return false;
  if (!binary.id.empty()) return binary.id.same_as(build_id_of_file(fd.get()));
  struct stat status {};
  return ::fstat(fd.get(), &status) == 0 && status.st_ino == binary.inode &&
         major(status.st_dev) == binary.major && minor(status.st_dev) == binary.minor;
}

UniqueFd open_by_name(const RunningBinary& binary) {
  UniqueFd fd = open_regular(binary.name);
  return is_that_binary(fd, binary) ? std::move(fd) : UniqueFd();
}

UniqueFd open_by_process(const RunningBinary& binary) {
  const auto of_process = [&](std::string_view what) {
    return open_regular(fmt::format("/proc/{}/{}", binary.pid, what));
  };
  const auto of_range = [&](uint64_t start, uint64_t end) {
    return of_process(fmt::format("map_files/{:x}-{:x}", start, end));
  };
  // map_files takes privileges that looking at one's own processes does not, but leads to files
  // that are deleted, too.
  UniqueFd fd = of_range(binary.start, binary.end);
  if (!fd) {
    if (const auto range = range_at(binary.pid, binary.start)) {
      fd = of_range(range->first, range->second);
    }
  }
  if (!is_that_binary(fd, binary)) fd = of_process("exe");
  if (!is_that_binary(fd, binary)) fd = of_process("root" + binary.name);
  return is_that_binary(fd, binary) ? std::move(fd) : UniqueFd();
}

}  // namespace prof
