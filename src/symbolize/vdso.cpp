#include "symbolize/vdso.h"

#include <sys/auxv.h>

#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <memory>

namespace prof {

namespace {

/// The auxiliary vector says where the image begins, but only the memory map how long it is.
size_t mapped_size(uintptr_t start) {
  const std::unique_ptr<FILE, int (*)(FILE*)> maps(std::fopen("/proc/self/maps", "re"),
                                                   std::fclose);
  char line[512];
  while (maps && std::fgets(line, sizeof line, maps.get())) {
    uintptr_t begin = 0;
    uintptr_t end = 0;
    if (std::sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &begin, &end) == 2 && begin == start) {
      return end - begin;
    }
  }
  return 0;
}

}  // namespace

Result<std::span<const std::byte>> running_vdso_image() {
  const auto start = static_cast<uintptr_t>(::getauxval(AT_SYSINFO_EHDR));
  const size_t size = start != 0 ? mapped_size(start) : 0;
  if (size == 0) return fail("this process has no vdso");
  return std::span(reinterpret_cast<const std::byte*>(start), size);
}

Result<ElfFile> running_vdso() {
  const auto image = running_vdso_image();
  if (!image) return tl::unexpected(image.error());
  return ElfFile::parse(*image, "[vdso]");
}

}  // namespace prof
