#include <catch2/catch.hpp>

#include "record/event_filter.h"

using namespace prof;

namespace {

const std::vector<std::string> kFields = {"common_pid", "nr_sector", "rwbs", "comm"};

Result<void> checked(std::string_view filter) {
  return check_filter(filter, kFields, "block:block_rq_issue");
}

}  // namespace

TEST_CASE("filters of known fields are good") {
  for (const char* text :
       {"nr_sector > 200", "nr_sector>200", "rwbs == \"WS\"", "rwbs ~ 'W*' && nr_sector & 0x8",
        "!(nr_sector == 1 || nr_sector == 2) && comm != sshd", "((common_pid != -1))",
        "comm.ustring ~ \"a)b(\"", "nr_sector<=1||nr_sector>=3"}) {
    INFO(text);
    CHECK(checked(text));
  }
}

TEST_CASE("a mistake in a filter is told with its place") {
  const auto hint = [](std::string_view filter) {
    const auto done = checked(filter);
    INFO(filter);
    REQUIRE_FALSE(done);
    CHECK(done.error().exit_code == 2);
    return done.error().hint;
  };
  CHECK(hint("nr_sectr > 2").starts_with("nr_sectr > 2\n      ^\n      did you mean nr_sector?"));
  CHECK(hint("rwbs == \"W\" && (nonsense") ==
        "rwbs == \"W\" && (nonsense\n                      ^\n      it has nr_sector, rwbs, comm");
  CHECK(hint("nr_sector >") == "nr_sector >\n                 ^");
  CHECK(hint("nr_sector && rwbs") == "nr_sector && rwbs\n                ^");
  for (const char* text : {"", "(", ")", "nr_sector == 1)", "(nr_sector == 1", "== 1", "!",
                           "rwbs == \"W", "nr_sector == 1 &&", "nr_sector = 1", "nr_sector"}) {
    CHECK_FALSE(hint(text).empty());
  }
}

TEST_CASE("a filter that nests deeper than anybody writes is refused") {
  CHECK_FALSE(checked(std::string(100000, '(')));
  CHECK_FALSE(checked(std::string(100000, '!')));
}

TEST_CASE("several filters of one event must all hold") {
  CHECK(join_filters("", "a == 1") == "a == 1");
  CHECK(join_filters("a == 1", "b == 2") == "(a == 1) && (b == 2)");
}
