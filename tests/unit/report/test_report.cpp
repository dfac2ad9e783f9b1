#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "common/unique_fd.h"
#include "report/report.h"

using namespace prof;

namespace {

/// What run_report prints of these folded stacks, without the lines that begin with '#'.
std::string rows_of(const std::string& stacks, ReportOptions options = {}) {
  char input[] = "/tmp/prof-unit-XXXXXX";
  char output[] = "/tmp/prof-unit-XXXXXX";
  UniqueFd in(::mkstemp(input));
  UniqueFd out_fd(::mkstemp(output));
  REQUIRE(::write(in.get(), stacks.data(), stacks.size()) == static_cast<ssize_t>(stacks.size()));
  options.load.input.path = input;
  {
    Output out(out_fd.get());
    REQUIRE(run_report(options, out));
    REQUIRE(out.flush());
  }
  std::string text;
  std::ifstream file(output);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with('#')) text += line + "\n";
  }
  ::unlink(input);
  ::unlink(output);
  return text;
}

ReportOptions with(CallGraphMode mode, bool children = true) {
  ReportOptions options;
  options.call_graph.mode = mode;
  options.children = children;
  return options;
}

}  // namespace

TEST_CASE("A stack counts once for a function that is in it twice") {
  CHECK(rows_of("main;f;g;f 6\nmain;f 2\nmain;g 2\n", with(CallGraphMode::None)) ==
        "   100.00%     0.00%  [.] main\n"
        "    80.00%    80.00%  [.] f\n"
        "    80.00%    20.00%  [.] g\n\n\n");
}

TEST_CASE(
    "A function's graph goes down from its outermost place, and whole stacks where it is the "
    "leaf") {
  CHECK(rows_of("a;f;b;f;c 5\na;f 5\n") ==
        "   100.00%     0.00%  [.] a\n"
        "            |\n"
        "            ---a\n"
        "               f\n"
        "               |          \n"
        "                --50.00%--b\n"
        "                          f\n"
        "                          c\n"
        "\n"
        "   100.00%    50.00%  [.] f\n"
        "            |          \n"
        "            |--50.00%--a\n"
        "            |          f\n"
        "            |          \n"
        "             --50.00%--f\n"
        "                       b\n"
        "                       f\n"
        "                       c\n"
        "\n"
        "    50.00%    50.00%  [.] c\n"
        "            |\n"
        "            ---a\n"
        "               f\n"
        "               b\n"
        "               f\n"
        "               c\n"
        "\n"
        "    50.00%     0.00%  [.] b\n"
        "            |\n"
        "            ---b\n"
        "               f\n"
        "               c\n"
        "\n\n\n");
}

TEST_CASE("Callees first, a leaf's callers are merged from all its places") {
  CHECK(rows_of("a;x;leaf 3\nb;x;leaf 1\n", with(CallGraphMode::Graph, false)) ==
        "   100.00%  [.] leaf\n"
        "            |\n"
        "            ---leaf\n"
        "               x\n"
        "               |          \n"
        "               |--75.00%--a\n"
        "               |          \n"
        "                --25.00%--b\n"
        "\n\n\n");
}

TEST_CASE("Folded graphs list whole chains by their own weight") {
  CHECK(rows_of("a;x 6\na;x;y 3\na;z 1\n", with(CallGraphMode::Folded)) ==
        "   100.00%     0.00%  [.] a\n"
        "60.00% a;x\n"
        "30.00% a;x;y\n"
        "10.00% a;z\n"
        "    90.00%    60.00%  [.] x\n"
        "60.00% a;x\n"
        "30.00% x;y\n"
        "    30.00%    30.00%  [.] y\n"
        "30.00% a;x;y\n"
        "    10.00%    10.00%  [.] z\n"
        "10.00% a;z\n\n\n");
}

TEST_CASE("Branches below the threshold are left out, rows below the limit too") {
  ReportOptions options = with(CallGraphMode::Graph);
  options.percent_limit = options.call_graph.min_percent = 5;
  CHECK(rows_of("a;x 97\na;y 3\n", options) ==
        "   100.00%     0.00%  [.] a\n"
        "            |\n"
        "            ---a\n"
        "               |          \n"
        "                --97.00%--x\n"
        "\n"
        "    97.00%    97.00%  [.] x\n"
        "            |\n"
        "            ---a\n"
        "               x\n"
        "\n\n\n");
}

TEST_CASE("Sort keys and call graph words are read, and refused, as a whole") {
  CHECK(parse_sort_keys("comm,dso,sym")->size() == 3);
  CHECK(parse_sort_keys("sym,symbol")->size() == 1);
  CHECK(parse_sort_keys("comm,nonsense").error().exit_code == 2);
  std::vector<std::string> fields;
  CHECK(parse_sort_keys("trace,comm,sched_switch.prev_comm,trace", &fields)->size() == 3);
  CHECK(fields == std::vector<std::string>{"trace", "sched_switch.prev_comm"});
  CHECK(parse_sort_keys("a b", &fields).error().exit_code == 2);
  CHECK(parse_sort_keys("a.b.c", &fields).error().exit_code == 2);
  CallGraphOptions graph;
  REQUIRE(parse_call_graph("folded,2.5,10,callee,count", graph));
  CHECK(graph.mode == CallGraphMode::Folded);
  CHECK(graph.min_percent == 2.5);
  CHECK(graph.print_limit == 10);
  CHECK(graph.order_given);
  CHECK_FALSE(graph.caller_first);
  CHECK(graph.value == CallGraphValue::Count);
  CHECK_FALSE(parse_call_graph("graph,1,2,3", graph));
  CHECK_FALSE(parse_call_graph("nonsense", graph));
}

TEST_CASE("What a function calls is its own where callees are ignored") {
  ReportOptions options = with(CallGraphMode::None);
  options.ignore_callees = "^f$";
  CHECK(rows_of("main;f;g 6\nmain;g;f;f;h 2\nmain;g 2\n", options) ==
        "   100.00%     0.00%  [.] main\n"
        "    80.00%    80.00%  [.] f\n"
        "    40.00%    20.00%  [.] g\n\n\n");
}

TEST_CASE("A parent is the innermost function that matches, and may be all that is shown") {
  ReportOptions options = with(CallGraphMode::None, false);
  options.parent = "^(f|g)$";
  const std::string stacks = "main;f;g;h 6\nmain;f;h 3\nmain;h 1\n";
  CHECK(rows_of(stacks, options) ==
        "    60.00%  [.] h   g            \n"
        "    30.00%  [.] h   f            \n"
        "    10.00%  [.] h   [other]      \n\n\n");
  options.exclude_other = true;
  options.relative = true;
  CHECK(rows_of(stacks, options) ==
        "    66.67%  [.] h   g            \n"
        "    33.33%  [.] h   f            \n\n\n");
}

TEST_CASE("Between separators nothing is aligned, and the separator is in no name") {
  ReportOptions options = with(CallGraphMode::None);
  options.separator = ",";
  options.show_samples = true;
  CHECK(rows_of("main;f(int, char) 3\nmain 1\n", options) ==
        " 100.00%, 25.00% , 1          ,[.] main\n"
        " 75.00% , 75.00% , 3          ,[.] f(int. char)\n\n\n");
}

TEST_CASE("A filter of rows leaves the stacks as they are") {
  ReportOptions options = with(CallGraphMode::None);
  options.symbol_filter = "wor";
  CHECK(rows_of("main;work;leaf 3\nmain 1\n", options) == "    75.00%     0.00%  [.] work\n\n\n");
}

TEST_CASE("A level of rows for each key") {
  ReportOptions options = with(CallGraphMode::None, false);
  options.hierarchy = true;
  options.sort = {SortKey::Comm, SortKey::Symbol};
  options.sort_given = true;
  CHECK(rows_of("main;f 3\nmain;g 1\n", options) ==
        "   100.00%     \n"
        "       75.00%     [.] f\n"
        "       25.00%     [.] g\n\n\n");
}

TEST_CASE("JSON has every name as UTF-8") {
  ReportOptions options = with(CallGraphMode::None);
  options.json = true;
  const std::string json = rows_of("\xc3\xa4;\xff\"x\\ 2\n", options);
  CHECK(json.find("\"sym\":\"\xc3\xa4\"") != json.npos);
  CHECK(json.find("\"sym\":\"\xef\xbf\xbd\\\"x\\\\\"") != json.npos);
}
