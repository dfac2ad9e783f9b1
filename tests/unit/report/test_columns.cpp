#include <catch2/catch.hpp>

#include "report/columns.h"
#include "report/own_columns.h"
#include "report/row_cells.h"

using namespace prof;

namespace {

using Keys = std::vector<SortKey>;

const Keys kUsual{SortKey::Comm, SortKey::Dso, SortKey::Symbol};

ReportOptions sorted_by(Keys keys) {
  ReportOptions options;
  options.sort_given = !keys.empty();
  options.sort = keys.empty() ? kUsual : std::move(keys);
  return options;
}

}  // namespace

TEST_CASE("Without -F the usual numbers come first, and rows are ordered by them") {
  const Columns columns = choose_columns(sorted_by({}), true);
  CHECK(columns.shown ==
        Keys{SortKey::Children, SortKey::Overhead, SortKey::Comm, SortKey::Dso, SortKey::Symbol});
  CHECK(columns.order == columns.shown);
  CHECK(columns.keys() == kUsual);
  ReportOptions more = sorted_by({SortKey::Symbol});
  more.show_modes = more.show_samples = more.show_period = true;
  CHECK(choose_columns(more, false).shown == Keys{SortKey::Overhead, SortKey::KernelOverhead,
                                                  SortKey::UserOverhead, SortKey::Samples,
                                                  SortKey::Period, SortKey::Symbol});
}

TEST_CASE("Fields: -F alone says what is shown and what rows are ordered by") {
  ReportOptions options = sorted_by({});
  options.columns = {SortKey::Symbol, SortKey::Overhead};
  const Columns columns = choose_columns(options, true);
  CHECK(columns.shown == options.columns);
  CHECK(columns.order == options.columns);
  CHECK(columns.keys() == Keys{SortKey::Symbol});
}

TEST_CASE("With -F and -s rows are ordered by -s first, whose keys come last") {
  ReportOptions options = sorted_by({SortKey::Dso});
  options.columns = {SortKey::Overhead, SortKey::Symbol};
  const Columns columns = choose_columns(options, true);
  CHECK(columns.shown == Keys{SortKey::Overhead, SortKey::Symbol, SortKey::Dso});
  CHECK(columns.order == Keys{SortKey::Dso, SortKey::Overhead, SortKey::Symbol});
}

TEST_CASE("Fields: -F + puts columns behind the usual numbers") {
  ReportOptions options = sorted_by({SortKey::Symbol});
  options.columns = {SortKey::Period};
  options.columns_append = true;
  const Columns columns = choose_columns(options, true);
  CHECK(columns.shown ==
        Keys{SortKey::Children, SortKey::Overhead, SortKey::Period, SortKey::Symbol});
  CHECK(columns.order ==
        Keys{SortKey::Children, SortKey::Overhead, SortKey::Symbol, SortKey::Period});
}

TEST_CASE("A column can be hidden as long as another one makes rows") {
  Columns columns = choose_columns(sorted_by({SortKey::Comm, SortKey::Symbol}), false);
  columns.hide(SortKey::Comm);
  CHECK(columns.keys() == Keys{SortKey::Symbol});
  columns.hide(SortKey::Symbol);
  CHECK(columns.keys() == Keys{SortKey::Symbol});
}

TEST_CASE("Keys are frames', samples' or numbers; what is none may be a tracepoint's field") {
  std::vector<std::string> fields;
  const auto keys = parse_sort_keys("overhead,symbol,time,sym,prev_comm,time", &fields);
  REQUIRE(keys);
  CHECK(*keys == Keys{SortKey::Overhead, SortKey::Symbol, field_key(0), field_key(1)});
  CHECK(fields == std::vector<std::string>{"time", "prev_comm"});
  const auto again = parse_sort_keys("prev_comm,pid", &fields);
  REQUIRE(again);
  CHECK(*again == Keys{field_key(1), SortKey::Pid});
  CHECK_FALSE(parse_sort_keys("a b", &fields));
  CHECK_FALSE(parse_sort_keys("time"));
}

TEST_CASE("The file of a line is what stands before its number") {
  CHECK(source_file("shares.c:32") == "shares.c");
  CHECK(source_file("a:b.c:1") == "a:b.c");
  CHECK(source_file("std::sort+12").empty());
  CHECK(source_file("libc.so.6[1f0]").empty());
  CHECK(source_file("??:0").empty());
  CHECK(source_file("shares.c:").empty());
  CHECK(source_file("").empty());
}

TEST_CASE("Columns of samples have perf's names") {
  for (const char* name : {"cgroup",         "cgroup_id",
                           "time",           "event",
                           "socket",         "weight",
                           "local_weight",   "addr",
                           "ins_lat",        "local_ins_lat",
                           "code_page_size", "data_page_size",
                           "transaction",    "local_p_stage_cyc",
                           "p_stage_cyc",    "local_retire_lat",
                           "retire_lat",     "mem",
                           "snoop",          "tlb",
                           "locked",         "blocked",
                           "dcacheline",     "symbol_daddr",
                           "symbol_iaddr",   "dso_daddr",
                           "phys_daddr"}) {
    CAPTURE(name);
    REQUIRE(own_column(name));
    CHECK_FALSE(title_of(*own_column(name)).empty());
    CHECK(least_width_of(*own_column(name), {}) >= title_of(*own_column(name)).size());
  }
  CHECK_FALSE(own_column("prev_comm"));
}
