#include "object/unpack.h"

#include <algorithm>
#include <utility>

#include "common/mapped_file.h"
#include "object/unpacker.h"

namespace prof {

namespace {

using Bytes = std::span<const std::byte>;

// The largest modules are some 30 MiB, and ten times that with their DWARF.
constexpr size_t kMostModule = size_t{512} << 20;

struct Unpacked {
  std::vector<std::byte> bytes;
  ElfFile file;
};

}  // namespace

std::vector<std::byte> unpack(Bytes packed, size_t most) {
  const auto unpacker = Unpacker::of(packed);
  std::vector<std::byte> out;
  auto status = unpacker ? Unpacker::Status::More : Unpacker::Status::Bad;
  while (status == Unpacker::Status::More && out.size() < most) {
    const size_t made = out.size();
    out.resize(std::min(most, std::max<size_t>(made * 2, 65536)));
    const size_t added = unpacker->next(std::span(out).subspan(made), status);
    if (added == 0 && status == Unpacker::Status::More) status = Unpacker::Status::Bad;
    out.resize(made + added);
  }
  if (status != Unpacker::Status::Done) out.clear();
  return out;
}

std::shared_ptr<const ElfFile> elf_of_bytes(std::vector<std::byte> bytes, const std::string& name) {
  auto parsed = ElfFile::parse(bytes, name);
  if (!parsed) return nullptr;
  // Moving the vector leaves its bytes, to which the ElfFile points, where they are.
  auto holder = std::make_shared<Unpacked>(Unpacked{std::move(bytes), std::move(*parsed)});
  return {holder, &holder->file};
}

Result<std::shared_ptr<const ElfFile>> open_packed_elf(const std::string& path) {
  const auto mapped = MappedFile::open(path);
  if (!mapped) return tl::unexpected(mapped.error());
  std::vector<std::byte> bytes = unpack(mapped->bytes(), kMostModule);
  if (!bytes.empty()) {
    auto file = elf_of_bytes(std::move(bytes), path);
    if (!file) return fail("'" + path + "' holds no ELF file");
    return file;
  }
  auto file = ElfFile::open(path);
  if (!file) return tl::unexpected(file.error());
  return std::make_shared<const ElfFile>(std::move(*file));
}

}  // namespace prof
