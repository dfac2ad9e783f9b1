#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "common/disk_cache.h"

using namespace prof;
namespace fs = std::filesystem;

namespace {

struct Scratch {
  std::string path;
  Scratch() {
    char name[] = "/tmp/prof-cache-XXXXXX";
    REQUIRE(::mkdtemp(name));
    path = name;
  }
  ~Scratch() { fs::remove_all(path); }
};

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::string got(const DiskCache& cache, std::string_view key) {
  const auto entry = cache.get(key);
  if (!entry) return "(none)";
  return {reinterpret_cast<const char*>(entry->bytes().data()), entry->bytes().size()};
}

void set_age(const std::string& path, int hours) {
  fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(hours));
}

}  // namespace

TEST_CASE("what was put can be got, by another prof as well") {
  const Scratch scratch;
  const DiskCache cache(scratch.path + "/a/b");
  CHECK(got(cache, "key-1") == "(none)");
  cache.put("key-1", bytes_of("one"));
  cache.put("key-2", {});
  CHECK(got(cache, "key-1") == "one");
  CHECK(got(DiskCache(scratch.path + "/a/b"), "key-1") == "one");
  CHECK(got(cache, "key-2").empty());
  cache.put("key-1", bytes_of("two"));
  CHECK(got(cache, "key-1") == "two");
  struct stat status {};
  REQUIRE(::stat((scratch.path + "/a/b").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
  REQUIRE(::stat((scratch.path + "/a/b/key-1").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("a damaged entry is not there") {
  const Scratch scratch;
  const DiskCache cache(scratch.path);
  const std::string path = scratch.path + "/key";
  cache.put("key", bytes_of("some contents"));
  const auto size = fs::file_size(path);
  for (size_t cut = 0; cut < size; ++cut) {
    cache.put("key", bytes_of("some contents"));
    fs::resize_file(path, cut);
    CHECK(got(cache, "key") == "(none)");
  }
  for (size_t at = 0; at < size; ++at) {
    cache.put("key", bytes_of("some contents"));
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(at));
    file.put('\x7f');
    file.close();
    CHECK(got(cache, "key") == "(none)");
  }
}

TEST_CASE("a file that was put can be got, and opened by its path") {
  const Scratch scratch;
  const DiskCache cache(scratch.path + "/cache");
  for (const size_t size : {size_t{0}, size_t{5}, size_t{1} << 20, (size_t{2} << 20) + 7}) {
    std::string text(size, 'x');
    for (size_t i = 0; i < size; i += 1000) text[i] = static_cast<char>('a' + i / 1000 % 26);
    const std::string source = scratch.path + "/source";
    std::ofstream(source, std::ios::binary) << text;
    const UniqueFd fd(::open(source.c_str(), O_RDONLY | O_CLOEXEC));
    REQUIRE(cache.put_file("file", fd.get()));
    CHECK(got(cache, "file") == text);
    cache.put("bytes", bytes_of(text));
    CHECK(got(cache, "bytes") == text);
    std::string found(size, '\0');
    std::ifstream(cache.get("file")->path(), std::ios::binary)
        .read(found.data(), static_cast<std::streamsize>(size));
    CHECK(found == text);
  }
  CHECK(cache.has("file"));
  CHECK_FALSE(cache.has("other"));
  CHECK_FALSE(cache.put_file("folder", UniqueFd(::open("/", O_RDONLY | O_CLOEXEC)).get()));
  CHECK_FALSE(cache.put_file("nothing", -1));
  const DiskCache small(scratch.path + "/small", 100);
  const UniqueFd fd(::open((scratch.path + "/source").c_str(), O_RDONLY | O_CLOEXEC));
  CHECK_FALSE(small.put_file("file", fd.get()));
  CHECK_FALSE(small.has("file"));
}

TEST_CASE("keys cannot leave the directory") {
  const Scratch scratch;
  const DiskCache cache(scratch.path + "/cache");
  for (const char* key : {"", ".", "..", "../x", "a/b", ".hidden", "x.tmp"}) {
    cache.put(key, bytes_of("x"));
    CHECK(got(cache, key) == "(none)");
  }
  CHECK_FALSE(fs::exists(scratch.path + "/x"));
}

TEST_CASE("a directory that others may write is not believed") {
  const Scratch scratch;
  const DiskCache cache(scratch.path);
  cache.put("key", bytes_of("x"));
  REQUIRE(::chmod(scratch.path.c_str(), 0777) == 0);
  CHECK(got(cache, "key") == "(none)");
  REQUIRE(::chmod(scratch.path.c_str(), 0700) == 0);
  CHECK(got(cache, "key") == "x");
  if (::geteuid() == 0) {
    REQUIRE(::chown(scratch.path.c_str(), 12345, 12345) == 0);
    CHECK(got(cache, "key") == "(none)");
  }
}

TEST_CASE("what a cache holds, and why it would hold nothing, is told without touching it") {
  const Scratch scratch;
  const std::string folder = scratch.path + "/a/cache";
  const DiskCache cache(folder);
  CHECK(cache.check().has_value());  // it can be made
  CHECK(cache.usage().entries == 0);
  CHECK_FALSE(fs::exists(scratch.path + "/a"));
  cache.put("one", bytes_of("12345"));
  cache.put("two", bytes_of(""));
  CHECK(cache.check().has_value());
  CHECK(cache.usage().entries == 2);
  CHECK(cache.usage().bytes == 5 + 2 * 32);  // with a trailer each
  REQUIRE(::chmod(folder.c_str(), 0777) == 0);
  REQUIRE_FALSE(cache.check().has_value());
  CHECK(cache.check().error().hint.find("chmod") != std::string::npos);
  CHECK_FALSE(DiskCache().check().has_value());
}

TEST_CASE("the entries that were not used longest make room") {
  const Scratch scratch;
  const DiskCache cache(scratch.path, 4000);
  const std::string kilobyte(1000, 'x');
  for (const char* key : {"a", "b", "c"}) cache.put(key, bytes_of(kilobyte));
  set_age(scratch.path + "/a", 72);
  set_age(scratch.path + "/b", 96);
  set_age(scratch.path + "/c", 48);
  CHECK(got(cache, "b") == kilobyte);  // and so it is the newest
  cache.put("d", bytes_of(kilobyte));
  CHECK(got(cache, "a") == "(none)");
  for (const char* key : {"b", "c", "d"}) CHECK(got(cache, key) == kilobyte);
  cache.put("e", bytes_of(std::string(3000, 'x')));  // more than half: not worth the others
  CHECK(got(cache, "e") == "(none)");
  CHECK(got(cache, "d") == kilobyte);
}

TEST_CASE("the user's cache is where the environment says") {
  const auto with = [](const char* own, const char* xdg, const char* home) {
    const auto set = [](const char* name, const char* value) {
      if (value) {
        ::setenv(name, value, 1);
      } else {
        ::unsetenv(name);
      }
    };
    set("PROF_CACHE_DIR", own);
    set("XDG_CACHE_HOME", xdg);
    set("HOME", home);
    return DiskCache::of_user().directory();
  };
  const char* names[] = {"PROF_CACHE_DIR", "XDG_CACHE_HOME", "HOME"};
  std::vector<std::optional<std::string>> before;
  for (const char* name : names) {
    const char* value = std::getenv(name);
    before.push_back(value ? std::optional<std::string>(value) : std::nullopt);
  }
  CHECK(with("/own", "/xdg", "/home/me") == "/own");
  CHECK(with(nullptr, "/xdg", "/home/me") == "/xdg/prof");
  CHECK(with("", "relative", "/home/me") == "/home/me/.cache/prof");
  CHECK(with(nullptr, nullptr, nullptr).empty());
  CHECK_FALSE(DiskCache().enabled());
  for (size_t i = 0; i < before.size(); ++i) {
    if (before[i]) ::setenv(names[i], before[i]->c_str(), 1);
    if (!before[i]) ::unsetenv(names[i]);
  }
}
