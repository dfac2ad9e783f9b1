#include "object/core_memory.h"

#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace prof {

namespace {

/// How many bytes of the file at `offset` there are; fewer than asked for at its end, or where
/// reading fails.
size_t read_at(const UniqueFd& fd, uint64_t offset, std::span<std::byte> out) {
  size_t filled = 0;
  while (filled < out.size() && offset <= INT64_MAX - filled) {
    const ssize_t got = ::pread(fd.get(), out.data() + filled, out.size() - filled,
                                static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    filled += static_cast<size_t>(got);
  }
  return filled;
}

}  // namespace

Result<CoreMemory> CoreMemory::open(const std::string& path) {
  CoreMemory memory;
  memory.fd_ = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!memory.fd_) return fail_errno("cannot open '" + path + "'");
  Elf64_Ehdr header{};
  const auto bytes = std::as_writable_bytes(std::span(&header, 1));
  if (read_at(memory.fd_, 0, bytes) != bytes.size() ||
      std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_type != ET_CORE ||
      header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof(Elf64_Phdr)) {
    return fail("'" + path + "' is no 64-bit core file");
  }
  memory.machine_ = header.e_machine;
  std::vector<Elf64_Phdr> segments(header.e_phnum);  // 16 bits: 4 MiB at most
  const auto table = std::as_writable_bytes(std::span(segments));
  if (read_at(memory.fd_, header.e_phoff, table) != table.size()) {
    return fail("'" + path + "' is cut off inside its program headers");
  }
  for (const Elf64_Phdr& segment : segments) {
    if (segment.p_type != PT_LOAD) continue;
    memory.parts_.push_back({segment.p_vaddr, segment.p_filesz, segment.p_offset});
  }
  return memory;
}

size_t CoreMemory::read(VirtAddr addr, std::span<std::byte> out) const {
  for (const Part& part : parts_) {
    const uint64_t at = raw(addr) - part.begin;
    if (raw(addr) < part.begin || at >= part.size || part.offset > UINT64_MAX - at) continue;
    const uint64_t size = std::min<uint64_t>(out.size(), part.size - at);
    return read_at(fd_, part.offset + at, out.first(static_cast<size_t>(size)));
  }
  return 0;
}

}  // namespace prof
