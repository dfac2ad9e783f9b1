#include "support/open_bytes.h"

#include <sys/mman.h>
#include <unistd.h>

namespace prof::test {

Result<std::unique_ptr<Reader>> open_bytes(std::span<const std::byte> bytes) {
  UniqueFd fd(::memfd_create("test.data", MFD_CLOEXEC));
  if (!fd) return fail_errno("memfd_create");
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t written = ::write(fd.get(), bytes.data() + done, bytes.size() - done);
    if (written < 0) return fail_errno("write");
    done += static_cast<size_t>(written);
  }
  auto file = MappedFile::from_fd(std::move(fd), "test.data");
  if (!file) return tl::unexpected(file.error());
  return Reader::from_file(std::move(*file), "test.data");
}

Result<std::unique_ptr<Recording>> record_bytes(std::span<const std::byte> bytes,
                                                const InputOptions& options) {
  auto reader = open_bytes(bytes);
  if (!reader) return tl::unexpected(reader.error());
  InputOptions nowhere = options;
  nowhere.symbols.symfs = "/nonexistent";
  nowhere.symbols.kallsyms_path = "/nonexistent/kallsyms";
  return Recording::from_reader(std::move(*reader), nowhere);
}

}  // namespace prof::test
