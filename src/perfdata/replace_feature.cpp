#include "perfdata/replace_feature.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>

#include "common/byte_writer.h"
#include "common/unique_fd.h"
#include "perfdata/file_rewriter.h"
#include "perfdata/reader.h"

namespace prof {

namespace {

// Of the file header (struct perf_file_header in tools/perf/util/header.h).
constexpr size_t kDataSizeOffset = 48;
constexpr size_t kBitmapOffset = 72;
constexpr size_t kBitmapSize = kFeatureBits / 8;

Result<void> write_all(int fd, std::span<const std::byte> bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return fail_errno("cannot write '" + path + "'");
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return {};
}

}  // namespace

Result<void> replace_feature(const std::string& from, const std::string& to, uint32_t bit,
                             std::span<const std::byte> payload) {
  auto opened = Reader::open(from);
  if (!opened) return tl::unexpected(opened.error());
  const Reader& reader = **opened;
  if (reader.is_pipe()) {
    return fail("'" + from + "' was recorded into a pipe, which has no place for more",
                "record into a file: prof record -o perf.data");
  }
  const auto bytes = reader.bytes();
  auto payloads = raw_features(reader);
  payloads[bit] = payload;

  const auto end = static_cast<size_t>(reader.data().offset + reader.data().size);
  std::vector<std::byte> bitmap(kBitmapSize);
  const auto in_order = [&](uint64_t value) {
    return reader.swapped() ? byte_swapped(value) : value;
  };
  for (size_t word = 0; word < kBitmapSize / 8; ++word) {
    uint64_t value = 0;
    for (const auto& [feature, ignored] : payloads) {
      if (feature / 64 == word) value |= uint64_t{1} << (feature % 64);
    }
    value = in_order(value);
    std::memcpy(bitmap.data() + word * 8, &value, sizeof value);
  }
  ByteWriter table;
  uint64_t at = end + 16 * payloads.size();
  for (const auto& [feature, content] : payloads) {
    table.u64(in_order(at)).u64(in_order(content.size()));
    at += content.size();
  }

  struct stat status {};
  if (::stat(from.c_str(), &status) != 0) return fail_errno("cannot stat '" + from + "'");
  const std::string unfinished = to + fmt::format(".{}.tmp", ::getpid());
  UniqueFd fd(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                     status.st_mode & 0777));
  if (!fd) return fail_errno("cannot create '" + unfinished + "'");
  const auto write_file = [&]() -> Result<void> {
    const auto write = [&](std::span<const std::byte> part) {
      return write_all(fd.get(), part, unfinished);
    };
    // A recording that was not finished does not say how long it is.
    const uint64_t data_size = in_order(reader.data().size);
    std::vector<std::byte> start(bytes.begin(), bytes.begin() + kBitmapOffset);
    std::memcpy(start.data() + kDataSizeOffset, &data_size, sizeof data_size);
    if (auto done = write(start); !done) return done;
    if (auto done = write(bitmap); !done) return done;
    const size_t head = kBitmapOffset + kBitmapSize;
    if (auto done = write(bytes.subspan(head, end - head)); !done) return done;
    if (auto done = write(table.view()); !done) return done;
    for (const auto& [feature, content] : payloads) {
      if (auto done = write(content); !done) return done;
    }
    // A recording made under sudo belongs to the caller; so does this one.
    if (::fchown(fd.get(), status.st_uid, status.st_gid) != 0 && errno != EPERM) {
      return fail_errno("cannot give '" + unfinished + "' its owner");
    }
    if (::rename(unfinished.c_str(), to.c_str()) != 0)
      return fail_errno("cannot replace '" + to + "'");
    return {};
  };
  auto written = write_file();
  if (!written) ::unlink(unfinished.c_str());
  return written;
}

}  // namespace prof
