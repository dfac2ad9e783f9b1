#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "symbolize/kept_calls.h"

using namespace prof;
namespace fs = std::filesystem;

namespace {

struct Folder {
  Folder() {
    std::string name = (fs::temp_directory_path() / "prof-kept-XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path); }
  fs::path path;
};

BuildId some_id() {
  const std::array<std::byte, 4> bytes{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
  return BuildId::from(bytes);
}

std::vector<SourceFrame> some_frames() {
  return {{"_Z5innerv", true, "/src/inner.h", 3}, {"_Z5outerv", false, "/src/outer.cpp", 70}};
}

bool equal(std::span<const SourceFrame> a, std::span<const SourceFrame> b) {
  return std::ranges::equal(a, b, [](const SourceFrame& x, const SourceFrame& y) {
    return x.name == y.name && x.inlined == y.inlined && x.file == y.file && x.line == y.line;
  });
}

TEST_CASE("Answers of DWARF are there in the next run", "[kept_calls]") {
  const Folder folder;
  const DiskCache cache((folder.path / "cache").string());
  {
    KeptCalls first(cache, some_id(), {});
    CHECK_FALSE(first.find(ElfAddr{0x10}));
    first.add(ElfAddr{0x10}, some_frames());
    first.add(ElfAddr{0x20}, {});
    first.save();
  }
  {
    KeptCalls second(cache, some_id(), {});
    REQUIRE(second.find(ElfAddr{0x10}));
    CHECK(equal(*second.find(ElfAddr{0x10}), some_frames()));
    REQUIRE(second.find(ElfAddr{0x20}));
    CHECK(second.find(ElfAddr{0x20})->empty());
    CHECK_FALSE(second.find(ElfAddr{0x30}));
    second.add(ElfAddr{0x30}, some_frames());
    second.save();
  }
  KeptCalls third(cache, some_id(), {});
  for (const uint64_t address : {0x10, 0x30}) {
    REQUIRE(third.find(ElfAddr{address}));
    CHECK(equal(*third.find(ElfAddr{address}), some_frames()));
  }
}

TEST_CASE("What belongs to no build id, or to another debug file, is not taken", "[kept_calls]") {
  const Folder folder;
  const DiskCache cache((folder.path / "cache").string());
  KeptCalls nameless(cache, BuildId(), {});
  nameless.add(ElfAddr{0x10}, some_frames());
  nameless.save();
  CHECK_FALSE(fs::exists(folder.path / "cache"));

  DebugFiles files;
  files.dwarf = {std::make_shared<const ElfFile>(), "/proc/self/exe"};
  KeptCalls with_file(cache, some_id(), files);
  with_file.add(ElfAddr{0x10}, some_frames());
  with_file.save();
  CHECK(KeptCalls(cache, some_id(), files).find(ElfAddr{0x10}));
  CHECK_FALSE(KeptCalls(cache, some_id(), {}).find(ElfAddr{0x10}));
}

TEST_CASE("A damaged entry is as good as none, byte by byte", "[kept_calls]") {
  const Folder folder;
  const DiskCache cache((folder.path / "cache").string());
  KeptCalls first(cache, some_id(), {});
  first.add(ElfAddr{0x10}, some_frames());
  first.add(ElfAddr{0x20}, some_frames());
  first.save();
  const std::string key = fs::directory_iterator(folder.path / "cache")->path().filename();
  std::vector<std::byte> whole;
  {
    const auto entry = cache.get(key);
    REQUIRE(entry);
    whole.assign(entry->bytes().begin(), entry->bytes().end());
  }
  for (size_t cut = 0; cut < whole.size(); ++cut) {
    cache.put(key, std::span(whole).first(cut));
    const KeptCalls read(cache, some_id(), {});
    if (const auto frames = read.find(ElfAddr{0x10})) CHECK(equal(*frames, some_frames()));
  }
  for (size_t at = 0; at < whole.size(); ++at) {
    std::vector<std::byte> damaged = whole;
    damaged[at] = std::byte{0xff};
    cache.put(key, damaged);
    const KeptCalls read(cache, some_id(), {});
    if (const auto frames = read.find(ElfAddr{0x20})) CHECK(frames->size() <= 4);
  }
}

}  // namespace
