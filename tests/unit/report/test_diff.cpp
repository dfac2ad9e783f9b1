#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "report/diff.h"
#include "report/diff_list.h"
#include "report/folded.h"
#include "report/profile_edits.h"
#include "report/resampling.h"
#include "report/time_slices.h"
#include "support/profile_text.h"

using namespace prof;
using prof::test::profile_of;
using prof::test::written;

namespace {

constexpr uint64_t kSecond = 1'000'000'000;

DiffInput input(Profile profile, std::string name = "stacks") {
  DiffInput out(std::move(name), std::move(profile));
  if (out.profile.events.front().period_scale != 1) out.natural = Weight::Period;
  return out;
}

DiffResult compared(const std::vector<DiffInput>& before, const std::vector<DiffInput>& after,
                    const DiffOptions& options = {}) {
  auto result = compare(before, after, options);
  REQUIRE(result);
  return std::move(*result);
}

DiffResult difference(std::string_view before, std::string_view after,
                      const DiffOptions& options = {}) {
  std::vector<DiffInput> sides[2];
  sides[0].push_back(input(profile_of(before), "before"));
  sides[1].push_back(input(profile_of(after), "after"));
  return compared(sides[0], sides[1], options);
}

std::string name_of(const DiffResult& result, const DiffRow& row) {
  return std::string(result.joined.name(row.function));
}

const DiffRow& row_of(const DiffResult& result, std::string_view name) {
  for (const DiffRow& row : result.rows) {
    if (result.joined.name(row.function) == name) return row;
  }
  FAIL("no row " << name);
  return result.rows.front();
}

/// Samples of functions f0, f1, …, called by "main", one after the other over some seconds.
Profile recorded(uint32_t functions, uint32_t samples, double seconds,
                 const std::function<uint32_t(double time)>& choose) {
  std::string text;
  for (uint32_t i = 0; i < functions; ++i) text += "app;main;f" + std::to_string(i) + " 1\n";
  Profile profile = profile_of(text);
  std::map<std::string, uint32_t> node_of;
  for (uint32_t i = 0; i < profile.nodes.size(); ++i) {
    profile.nodes[i].self_samples = profile.nodes[i].self_period = 0;
    node_of[std::string(profile.name(profile.nodes[i].frame))] = i;
  }
  profile.timeline.threads.emplace_back();
  for (uint32_t i = 0; i < samples; ++i) {
    const double time = seconds * i / samples;
    TimelineSample sample;
    sample.time = kSecond + static_cast<uint64_t>(time * 1e9);
    sample.node = node_of.at("f" + std::to_string(choose(time)));
    sample.period = 1;
    ++profile.nodes[sample.node].self_samples;
    ++profile.nodes[sample.node].self_period;
    profile.timeline.samples.push_back(sample);
  }
  ProfileEvent& event = profile.events.front();
  event.samples = event.period = event.total_samples = event.total_period = samples;
  return profile;
}

class Chance {
 public:
  explicit Chance(uint64_t seed) : random_(seed) {}
  double below_one() { return static_cast<double>(random_() >> 11) / 9007199254740992.0; }
  bool happens(double chance) { return below_one() < chance; }

 private:
  std::mt19937_64 random_;
};

}  // namespace

TEST_CASE("differences are of shares, in self and total") {
  const DiffResult result = difference("app;main;a 600\napp;main;b 400\n",
                                       "app;main;a 300\napp;main;b 100\napp;main;c 100\n");
  CHECK(result.unit == "%");
  const DiffRow& a = row_of(result, "a");
  CHECK(a.self.before == Approx(60));
  CHECK(a.self.after == Approx(60));
  CHECK(a.self.change() == Approx(0).margin(1e-9));
  CHECK_FALSE(a.sure());
  const DiffRow& b = row_of(result, "b");
  CHECK(b.total.before == Approx(40));
  CHECK(b.total.after == Approx(20));
  CHECK(b.sure());
  const DiffRow& c = row_of(result, "c");
  CHECK(c.self.before == 0);
  CHECK(c.self.after == Approx(20));
  CHECK(c.sure());
  const DiffRow& main = row_of(result, "main");
  CHECK(main.self.before == 0);
  CHECK(main.total.after == Approx(100));
  CHECK(main.total.bound < 1);
  CHECK(result.scale == Approx(0.5));
}

TEST_CASE("recursion counts once in a total") {
  const DiffResult result = difference("app;f;g;f 10\n", "app;f;g;f 5\napp;f 5\n");
  CHECK(row_of(result, "f").total.before == Approx(100));
  CHECK(row_of(result, "f").total.after == Approx(100));
  CHECK(row_of(result, "f").self.before == Approx(100));
  CHECK(row_of(result, "g").total.after == Approx(50));
}

TEST_CASE("numbers are compared as they are where that is asked for") {
  DiffOptions options;
  options.normalize = Normalize::None;
  const DiffResult result = difference("app;a 600.5\n", "app;a 300\n", options);
  CHECK(result.unit == "samples");
  CHECK(row_of(result, "a").self.before == Approx(600.5));
  CHECK(row_of(result, "a").self.after == Approx(300));
  CHECK(row_of(result, "a").sure());
  CHECK(result.scale == Approx(1));
}

TEST_CASE("what has no times cannot be compared by time") {
  DiffOptions options;
  options.normalize = Normalize::Time;
  std::vector<DiffInput> before, after;
  before.push_back(input(profile_of("a 1\n"), "old.folded"));
  after.push_back(input(profile_of("a 1\n")));
  const auto refused = compare(before, after, options);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().exit_code == 2);
  CHECK(refused.error().message.find("old.folded") != std::string::npos);
}

TEST_CASE("what is sampled by frequency is compared by time") {
  DiffOptions options;
  options.normalize = Normalize::Time;
  const auto all_in_f0 = [](double) { return 0u; };
  std::vector<DiffInput> before, after;
  before.push_back(input(recorded(1, 1000, 10, all_in_f0)));
  after.push_back(input(recorded(1, 1000, 5, all_in_f0)));
  auto refused = compare(before, after, options);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("known time") != std::string::npos);
  before.front().profile.events.front().frequency = 1000;
  after.front().profile.events.front().frequency = 1000;
  const DiffResult result = compared(before, after, options);
  CHECK(result.unit == "ms/s");
  CHECK(row_of(result, "f0").self.before == Approx(100).epsilon(0.01));
  CHECK(row_of(result, "f0").self.after == Approx(200).epsilon(0.01));
  CHECK(result.scale == Approx(0.5).epsilon(0.01));
}

TEST_CASE("functions are told apart by binary where both sides know it") {
  const auto with_dso = [](const std::string& dso) {
    Profile profile = profile_of("app;read 5\n");
    for (Frame& frame : profile.frames) {
      if (profile.name(FrameId{0}) == "app" && &frame == &profile.frames[0]) continue;
      frame.dso = profile.strings.intern("/usr/lib/" + dso);
      frame.dso_short = profile.strings.intern(dso);
    }
    return profile;
  };
  const auto rows_of = [](Profile before, Profile after) {
    std::vector<DiffInput> sides[2];
    sides[0].push_back(input(std::move(before)));
    sides[1].push_back(input(std::move(after)));
    const DiffResult result = compared(sides[0], sides[1]);
    size_t rows = 0;
    for (const DiffRow& row : result.rows) rows += name_of(result, row) == "read";
    return rows;
  };
  CHECK(rows_of(with_dso("libc.so.6"), with_dso("libc.so.6")) == 1);
  CHECK(rows_of(with_dso("libc.so.6"), with_dso("app")) == 2);
  CHECK(rows_of(with_dso("libc.so.6"), profile_of("app;read 5\n")) == 1);
}

TEST_CASE("the kernel's functions are others than those of the same name") {
  const DiffResult result =
      difference("app;read;read_[k] 5\napp;write_[k] 1\n", "app;read 5\napp;write_[k] 1\n");
  size_t rows = 0;
  for (const DiffRow& row : result.rows) rows += name_of(result, row) == "read";
  CHECK(rows == 2);
}

TEST_CASE("hexadecimal numbers in names are stripped where asked for") {
  DiffOptions options;
  options.join.strip_hex = true;
  const DiffResult result =
      difference("app;0x4005d0;0xZ;x0x12y 5\n", "app;0x77AF;0xZ;x0x34y 5\n", options);
  CHECK(row_of(result, "0x...").total.change() == Approx(0));
  CHECK(row_of(result, "x0x...y").total.change() == Approx(0));
  CHECK(row_of(result, "0xZ").total.after == Approx(100));
}

TEST_CASE("both counts of folded stacks are joined, decimals too") {
  const DiffResult result = difference("a;b 1.5\na;c 2\n", "a;b 2.25\na;d 1\n");
  const auto text = written([&](Output& out) {
    FoldedOptions options;
    options.weight = result.weight;
    options.both_sides = true;
    write_folded(result.joined, options, out);
  });
  CHECK(text == "a;b 1.50 2.25\na;c 2.00 0.00\na;d 0.00 1.00\n");
}

TEST_CASE("counts are scaled to equal totals as by difffolded.pl") {
  const DiffResult result = difference("a;b 1\na;c 2\n", "a;b 7\na;d 4\n");
  const auto text = written([&](Output& out) {
    FoldedOptions options;
    options.both_sides = true;
    options.before_from = static_cast<double>(result.before.weight);
    options.before_to = static_cast<double>(result.after.weight);
    write_folded(result.joined, options, out);
  });
  CHECK(text == "a;b 3 7\na;c 7 0\na;d 0 4\n");  // 11/3 and 22/3, cut
}

TEST_CASE("intervals of differences cover the truth 19 times of 20") {
  constexpr int kTrials = 300;
  int covered = 0, sure = 0;
  Chance chance(1);
  for (int i = 0; i < kTrials; ++i) {
    const auto draw = [&](double) { return chance.happens(0.1) ? 0u : 1u; };
    std::vector<DiffInput> before, after;
    before.push_back(input(recorded(2, 1500, 8, draw)));
    after.push_back(input(recorded(2, 1500, 8, draw)));
    const DiffResult result = compared(before, after);
    REQUIRE(result.is_resampled);
    const DiffValue& value = row_of(result, "f0").self;
    covered += std::fabs(value.change()) <= value.bound;
    sure += row_of(result, "f0").sure();
  }
  INFO(covered << " of " << kTrials << " covered, " << sure << " sure");
  CHECK(covered >= kTrials * 0.93);
  CHECK(covered <= kTrials * 0.995);
  CHECK(sure <= kTrials * 0.07);
}

TEST_CASE("what a program does in phases varies more than counts, and is known to") {
  // A fifth of all slices of 200 ms have f0 for half of their samples.
  const auto with_phases = [](Chance& chance) {
    return [&chance, phase = -1, busy = false](double time) mutable {
      if (static_cast<int>(time * 5) != phase) {
        phase = static_cast<int>(time * 5);
        busy = chance.happens(0.2);
      }
      return busy && chance.happens(0.5) ? 0u : 1u;
    };
  };
  constexpr int kTrials = 200;
  Chance chance(2);
  int covered = 0, covered_by_counts = 0;
  for (int i = 0; i < kTrials; ++i) {
    std::vector<DiffInput> before, after;
    before.push_back(input(recorded(2, 4000, 8, with_phases(chance))));
    after.push_back(input(recorded(2, 4000, 8, with_phases(chance))));
    const DiffResult by_slices = compared(before, after);
    before.front().profile.timeline = {};
    after.front().profile.timeline = {};
    const DiffResult by_counts = compared(before, after);
    CHECK_FALSE(by_counts.is_resampled);
    const auto covers = [](const DiffResult& result) {
      const DiffValue& value = row_of(result, "f0").self;
      return std::fabs(value.change()) <= value.bound;
    };
    covered += covers(by_slices);
    covered_by_counts += covers(by_counts);
  }
  INFO(covered << " of " << kTrials << ", by counts " << covered_by_counts);
  CHECK(covered >= kTrials * 0.9);
  CHECK(covered_by_counts < kTrials * 0.7);
}

TEST_CASE("two halves of one recording do not differ") {
  // Functions of all sizes, as programs have them.
  Chance chance(3);
  const auto draw = [&](double) {
    const double at = chance.below_one();
    return static_cast<uint32_t>(at * at * at * 150);
  };
  std::vector<DiffInput> before, after;
  before.push_back(input(recorded(150, 6000, 6, draw)));
  after.push_back(input(recorded(150, 6000, 6, draw)));
  const DiffResult result = compared(before, after);
  size_t sure = 0;
  for (const DiffRow& row : result.rows) sure += row.sure();
  CHECK(sure == 0);
  CHECK(result.rows.size() > 100);
}

TEST_CASE("a change of five points is found among many functions") {
  Chance chance(4);
  double planted = 0;
  const auto draw = [&](double) {
    if (chance.happens(planted)) return 120u;
    const double at = chance.below_one();
    return static_cast<uint32_t>(at * at * at * 120);
  };
  std::vector<DiffInput> before, after;
  before.push_back(input(recorded(121, 4000, 6, draw)));
  planted = 0.05;
  after.push_back(input(recorded(121, 4000, 6, draw)));
  const DiffResult result = compared(before, after);
  size_t sure = 0;
  const auto order = ordered_rows(result, DiffSort::Self, &sure);
  REQUIRE(sure >= 1);
  CHECK(name_of(result, result.rows[order.front()]) == "f120");
  CHECK(result.rows[order.front()].self.change() == Approx(5).margin(1.5));
  CHECK(sure <= 4);
}

TEST_CASE("files of a side that differ from run to run make changes unsure") {
  // Each run has f0 more or less often; two sides of three runs with the same spread of runs.
  const auto runs = [](std::initializer_list<double> shares, uint64_t seed) {
    std::vector<DiffInput> out;
    Chance chance(seed);
    for (const double share : shares) {
      out.push_back(
          input(recorded(2, 4000, 4, [&](double) { return chance.happens(share) ? 0u : 1u; })));
    }
    return out;
  };
  const DiffResult of_runs = compared(runs({0.2, 0.3, 0.4}, 5), runs({0.25, 0.35, 0.45}, 6));
  CHECK_FALSE(row_of(of_runs, "f0").self.sure);
  CHECK(row_of(of_runs, "f0").self.bound > 10);
  const DiffResult of_pairs = compared(runs({0.3, 0.3}, 7), runs({0.35, 0.35}, 8));
  CHECK(row_of(of_pairs, "f0").self.sure);
  CHECK(row_of(of_pairs, "f0").self.bound < 4);
}

TEST_CASE("files without times vary, too") {
  const auto runs = [](std::initializer_list<int> counts) {
    std::vector<DiffInput> out;
    for (const int count : counts) {
      out.push_back(input(profile_of("app;f " + std::to_string(count) + "\napp;g " +
                                     std::to_string(10000 - count) + "\n")));
    }
    return out;
  };
  const DiffResult varied = compared(runs({2000, 3000, 4000}), runs({2500, 3500, 4500}));
  CHECK(varied.is_resampled);
  CHECK(varied.method == "resampling files");
  CHECK_FALSE(row_of(varied, "f").sure());
  CHECK(row_of(varied, "f").self.bound > 10);
  const DiffResult steady = compared(runs({2990, 3000, 3010}), runs({3490, 3500, 3510}));
  CHECK(row_of(steady, "f").sure());
  const DiffResult pair = compared(runs({2000, 4000}), runs({2500, 4500}));
  CHECK_FALSE(pair.is_resampled);
}

TEST_CASE("both sides of a differential go where its stacks go") {
  Profile turned = profile_of("a;b;c 1 2\na;b 3 4\nd;c 5 0\n");
  reverse_stacks(turned);
  const auto both = [](const Profile& profile) {
    return written([&](Output& out) {
      FoldedOptions options;
      options.both_sides = true;
      write_folded(profile, options, out);
    });
  };
  CHECK(both(turned) == "b;a 3 4\nc;b;a 1 2\nc;d 5 0\n");
  Profile begun = profile_of("a;b;c 1 2\nd;b;c 5 0\na;e 7 8\n");
  begin_stacks({{"b"}, {}}, begun);
  CHECK(both(begun) == "a;e 7 8\nb;c 6 2\n");
}

TEST_CASE("slices have what was sampled in them") {
  const Profile profile = recorded(2, 1000, 2, [](double time) { return time < 1 ? 0u : 1u; });
  std::vector<uint32_t> rows;
  for (const StackNode& node : profile.nodes) rows.push_back(node.frame.value);
  const auto slices = slice_by_time(profile, 0, Weight::Samples,
                                    static_cast<uint32_t>(profile.frames.size()), rows);
  REQUIRE(slices);
  CHECK(slices->count() == 20);
  double all = 0;
  for (const double sum : slices->whole) all += sum;
  CHECK(all == 1000);
  for (uint32_t i = 0; i < profile.frames.size(); ++i) {
    double self = 0, total = 0;
    for (const auto& cell : slices->row(i)) {
      self += double{cell.self};
      total += double{cell.total};
      if (profile.name(FrameId{i}) == "f0") CHECK(cell.slice <= 10);
    }
    const std::string_view name = profile.name(FrameId{i});
    CHECK(self == (name == "f0" || name == "f1" ? 500 : 0));
    CHECK(total == (name == "f0" || name == "f1" ? 500 : 1000));
  }
  CHECK(seconds_of(profile, 0) == Approx(1.998));
  CHECK(seconds_of(profile_of("a 1\n"), 0) == 0);
}

TEST_CASE("too little is not sliced") {
  const auto slices = [](const Profile& profile) {
    const std::vector<uint32_t> rows(profile.nodes.size(), kNoSliceRow);
    return slice_by_time(profile, 0, Weight::Samples, 0, rows).has_value();
  };
  const auto all_in_f0 = [](double) { return 0u; };
  CHECK(slices(recorded(1, 100, 1, all_in_f0)));
  CHECK_FALSE(slices(recorded(1, 10, 1, all_in_f0)));
  CHECK_FALSE(slices(recorded(1, 100, 0, all_in_f0)));
  Profile counted = recorded(1, 100, 1, all_in_f0);
  counted.events.front().counted_stacks = 100;
  CHECK_FALSE(slices(counted));
}

TEST_CASE("the table has what is sure first, and says how many rows are hidden") {
  std::string before = "app;grown 1000\n", after = "app;grown 2000\n";
  for (int i = 0; i < 20; ++i) {
    const std::string line = "app;f" + std::to_string(100 + i) + " 100\n";
    before += line;
    after += line;
  }
  DiffOptions options;
  options.normalize = Normalize::None;
  const DiffResult result = difference(before, after, options);
  DiffListOptions list;
  list.limit = 5;
  const std::string text = written([&](Output& out) { print_diff(result, list, out); });
  CHECK(text.find("# Changed for sure (*): 2 of 22 functions") != std::string::npos);
  CHECK(text.find("grown") < text.find("# 20 functions may have changed by chance only:"));
  CHECK(text.find("# 17 more functions not shown") != std::string::npos);
  CHECK(text.find("+1000.0*") != std::string::npos);
  CHECK(text.find('\033') == std::string::npos);

  list.colour = true;
  const std::string coloured = written([&](Output& out) { print_diff(result, list, out); });
  CHECK(coloured.find("\033[31m+1000.0*\033[0m") != std::string::npos);
  CHECK(coloured.find("\033[90m") != std::string::npos);
}

TEST_CASE("the table of separated values has a line for each function") {
  const DiffResult result = difference("a;b,c 100\n", "a;b,c 50\na;d 50\n");
  DiffListOptions list;
  list.separator = ",";
  const std::string text = written([&](Output& out) { print_diff(result, list, out); });
  CHECK(text.find("# Self before,Self after,Self delta,+-,Sure,Total before") != std::string::npos);
  CHECK(text.find("100.00%,50.00%,-50.00%,") != std::string::npos);
  CHECK(text.find(",b.c\n") != std::string::npos);
}

TEST_CASE("the JSON of a comparison can be read") {
  const DiffResult result = difference("a;b 100\n", "a;b 50\na;d\xff 50\n");
  const std::string text = written([&](Output& out) { print_diff_json(result, {}, out); });
  const auto json = nlohmann::json::parse(text);
  CHECK(json["before"]["samples"] == 100);
  CHECK(json["unit"] == "%");
  CHECK(json["rows"].size() == 3);
  CHECK(json["rows"][0]["self"]["delta"] == Approx(-50).margin(100));
  CHECK(json["rows"][0]["sure"] == true);
  CHECK(json["rows"][0]["dso"].is_null());
}

TEST_CASE("rows are ordered by what is asked for") {
  const DiffResult result =
      difference("r;a 500\nr;b 300\nr;c 200\n", "r;a 100\nr;b 600\nr;c 300\n");
  const auto names = [&](DiffSort sort) {
    std::string out;
    for (const uint32_t row : ordered_rows(result, sort, nullptr)) {
      if (result.rows[row].sure()) out += name_of(result, result.rows[row]);
    }
    return out;
  };
  CHECK(names(DiffSort::Self) == "abc");
  CHECK(names(DiffSort::Before) == "abc");
  CHECK(names(DiffSort::After) == "bca");
  CHECK(names(DiffSort::Name) == "abc");
  CHECK(diff_sort_named("total") == DiffSort::Total);
  CHECK_FALSE(diff_sort_named("size"));
}

TEST_CASE("one file with two counts is compared with itself") {
  const auto result = compare_sides(input(profile_of("a;b 10 30\na;c 90 70\n"), "both"), {});
  REQUIRE(result);
  CHECK(row_of(*result, "b").self.before == Approx(10));
  CHECK(row_of(*result, "b").self.after == Approx(30));
  CHECK(result->before.files.front() == "both (first count)");
}

TEST_CASE("several files of a side are added up") {
  std::vector<DiffInput> before, after;
  for (int i = 0; i < 5; ++i) {
    before.push_back(input(profile_of("app;a 10\napp;function_with_a_long_name 30\n")));
    after.push_back(input(profile_of("app;function_with_a_long_name 40\napp;a 40\n")));
  }
  const DiffResult result = compared(before, after);
  CHECK(result.rows.size() == 3);
  CHECK(result.before.samples == 200);
  CHECK(row_of(result, "a").self.before == Approx(25));
  CHECK(row_of(result, "function_with_a_long_name").self.after == Approx(50));
}

TEST_CASE("a few long waits are less sure than many short ones of the same sum") {
  const auto waits = [](uint64_t count, uint64_t total) {
    Profile profile = profile_of("app;run 1000\napp;wait 1\n");
    for (StackNode& node : profile.nodes) {
      const std::string_view name = profile.name(node.frame);
      if (name == "run") node.self_period = 1000;
      if (name != "wait") continue;
      node.self_samples = count;
      node.self_period = total;
    }
    DiffInput out = input(std::move(profile));
    out.natural = Weight::Period;
    return out;
  };
  const auto bound = [&](uint64_t count) {
    std::vector<DiffInput> before, after;
    before.push_back(waits(count, 1000));
    after.push_back(waits(count, 1300));
    return row_of(compared(before, after), "wait").self.bound;
  };
  CHECK(bound(4) > 5 * bound(1000));
}
