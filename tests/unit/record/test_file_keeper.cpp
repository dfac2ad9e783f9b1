#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "object/kept_binary.h"
#include "record/file_keeper.h"
#include "support/elf_builder.h"

using namespace prof;
namespace fs = std::filesystem;

namespace {

/// A folder with a cache in it.
struct Scratch {
  std::string path;
  Scratch() {
    char name[] = "/tmp/prof-keeper-XXXXXX";
    REQUIRE(::mkdtemp(name));
    path = name;
  }
  ~Scratch() { fs::remove_all(path); }
  DiskCache cache(uint64_t limit = DiskCache::kDefaultLimit) const {
    return DiskCache(path + "/cache", limit);
  }
};

BuildId id_of(std::string_view text) {
  return BuildId::from(std::as_bytes(std::span(text)));
}

std::vector<std::byte> binary(std::string_view id, size_t size = 100) {
  test::ElfBuilder elf;
  const uint16_t note = elf.build_id(id);
  elf.segment(PT_NOTE, elf.offset_of(note), 0, 16 + id.size());
  elf.section({".text", SHT_PROGBITS, SHF_ALLOC, 0, std::vector<std::byte>(size)});
  return elf.bytes();
}

void write(const std::string& path, std::span<const std::byte> bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

bool is_kept(const DiskCache& cache, std::string_view id, std::span<const std::byte> bytes) {
  const auto entry = cache.get(kept_binary_key(id_of(id)));
  return entry && std::ranges::equal(entry->bytes(), bytes);
}

constexpr uint32_t kNobody = 4000007;  // beyond what a process can have: none lives

}  // namespace

TEST_CASE("a binary that is still there is not copied, one that is deleted or replaced is") {
  const Scratch scratch;
  const auto stays = binary("stay");
  const auto goes = binary("gone");
  const auto changes = binary("old.");
  const auto same_again = binary("same");
  write(scratch.path + "/stays", stays);
  write(scratch.path + "/goes", goes);
  write(scratch.path + "/changes", changes);
  write(scratch.path + "/again", same_again);
  FileKeeper keeper(scratch.cache());
  for (int i = 0; i < 2; ++i) {
    keeper.note(kNobody, 0, 1, scratch.path + "/stays", id_of("stay"));
    keeper.note(kNobody, 0, 1, scratch.path + "/goes", id_of("gone"));
    keeper.note(kNobody, 0, 1, scratch.path + "/changes", id_of("old."));
    keeper.note(kNobody, 0, 1, scratch.path + "/again", id_of("same"));
  }
  keeper.drain();
  fs::remove(scratch.path + "/goes");
  write(scratch.path + "/new", binary("new."));
  fs::rename(scratch.path + "/new", scratch.path + "/changes");
  write(scratch.path + "/copy", same_again);
  fs::rename(scratch.path + "/copy", scratch.path + "/again");
  const auto kept = keeper.finish();
  CHECK(kept.files == 2);
  CHECK(kept.bytes == goes.size() + changes.size());
  CHECK(is_kept(scratch.cache(), "gone", goes));
  CHECK(is_kept(scratch.cache(), "old.", changes));
  CHECK_FALSE(scratch.cache().has(kept_binary_key(id_of("stay"))));
  CHECK_FALSE(scratch.cache().has(kept_binary_key(id_of("same"))));
}

TEST_CASE("a binary that is deleted already is found through its process") {
  const Scratch scratch;
  const auto bytes = binary("live", 5000);
  const std::string path = scratch.path + "/program";
  write(path, bytes);
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  void* at = ::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  REQUIRE(at != MAP_FAILED);
  fs::remove(path);
  if (::access(fmt::format("/proc/self/map_files/{:x}-{:x}", reinterpret_cast<uint64_t>(at),
                           reinterpret_cast<uint64_t>(at) + 4096)
                   .c_str(),
               R_OK) != 0) {
    WARN("not allowed to look at map_files");
    return;
  }
  const auto begin = reinterpret_cast<uint64_t>(at);
  const auto pid = static_cast<uint32_t>(::getpid());
  FileKeeper keeper(scratch.cache());
  // Its end as it was once; by now the mapping has another.
  keeper.note(pid, begin, begin + 8192, path + " (deleted)", id_of("live"));
  keeper.note(pid, begin, begin + 4096, "/not/it", id_of("else"));
  CHECK(keeper.finish().files == 1);
  CHECK(is_kept(scratch.cache(), "live", bytes));
  // What is kept is not copied again.
  FileKeeper again(scratch.cache());
  again.note(pid, begin, begin + 4096, path + " (deleted)", id_of("live"));
  CHECK(again.finish().files == 0);
  ::munmap(at, 4096);
}

TEST_CASE("no more than its share of the cache is taken, and nothing but regular files opened") {
  const Scratch scratch;
  const auto large = binary("big1", 600);
  REQUIRE(large.size() < 2000);
  const DiskCache cache = scratch.cache(4000);
  write(scratch.path + "/a", large);
  write(scratch.path + "/b", binary("big2", 1500));
  REQUIRE(::mkfifo((scratch.path + "/fifo").c_str(), 0600) == 0);
  FileKeeper keeper(cache);
  keeper.note(kNobody, 0, 1, scratch.path + "/fifo", id_of("fifo"));
  keeper.note(kNobody, 0, 1, scratch.path + "/a", id_of("big1"));
  keeper.note(kNobody, 0, 1, scratch.path + "/b", id_of("big2"));
  keeper.note(kNobody, 0, 1, "//anon", id_of("anon"));
  keeper.note(kNobody, 0, 1, "relative", id_of("rela"));
  keeper.note(kNobody, 0, 1, scratch.path + "/a", {});
  keeper.drain();
  fs::remove(scratch.path + "/a");
  fs::remove(scratch.path + "/b");
  CHECK(keeper.finish().files == 1);
  CHECK(is_kept(cache, "big1", large));
}
