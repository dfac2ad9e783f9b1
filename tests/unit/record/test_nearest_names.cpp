#include <catch2/catch.hpp>

#include "record/nearest_names.h"

using namespace prof;

namespace {

const std::vector<std::string> kNames{"malloc", "calloc", "realloc", "free", "posix_memalign"};

}  // namespace

TEST_CASE("the name with the fewest letters changed is the nearest") {
  CHECK(nearest_names("maloc", kNames) == std::vector<std::string>{"malloc", "calloc"});
  CHECK(nearest_names("mallocc", kNames, 1) == std::vector<std::string>{"malloc"});
}

TEST_CASE("a name that holds what was asked for comes first") {
  CHECK(nearest_names("alloc", kNames, 2) == std::vector<std::string>{"calloc", "malloc"});
  CHECK(nearest_names("memalign", kNames, 1) == std::vector<std::string>{"posix_memalign"});
}

TEST_CASE("nothing is near what is like no name") {
  CHECK(nearest_names("gettimeofday", kNames).empty());
  CHECK(nearest_names("malloc", {}).empty());
  CHECK(did_you_mean("gettimeofday", kNames).empty());
}

TEST_CASE("an empty word, and names of one letter, are no matter") {
  CHECK(nearest_names("", {"", "a", "ab", "abc"}).size() == 3);
  CHECK(nearest_names("x", {"y"}) == std::vector<std::string>{"y"});
}

TEST_CASE("a name is told once") {
  CHECK(did_you_mean("fre", {"free", "free"}) == "did you mean free?");
  CHECK(did_you_mean("ab1", {"ab2", "ab3", "ab4", "ab5"}) == "did you mean ab2, ab3 or ab4?");
}
