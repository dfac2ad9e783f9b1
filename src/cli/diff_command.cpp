#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/input_options.h"
#include "cli/picture_options.h"
#include "cli/profile_output.h"
#include "cli/warnings.h"
#include "flamegraph/flamegraph.h"
#include "report/diff.h"
#include "report/diff_list.h"
#include "report/fail_if.h"
#include "report/folded.h"
#include "report/import_folded.h"
#include "report/load.h"

namespace prof {

namespace {

constexpr int kNoData = 2;
constexpr size_t kUsualRows = 40;
constexpr uint64_t kFewSamples = 100;

struct DiffCommand {
  LoadOptions load;
  StackBegin begin;
  std::vector<std::string> files, before, after;
  DiffOptions diff;
  DiffListOptions list;
  std::optional<size_t> limit;
  std::vector<std::string> fail_if;
  std::string normalize = "share", sort = "self", color_by = "total", min_width, output;
  bool json = false, folded = false, flamegraph = false;
  bool equal_totals = false;  // -n
  FlamegraphOptions picture;
  DrawRequest request;
  DifferenceOptions difference;
};

Result<void> settle_sides(DiffCommand& command) {
  const bool named = !command.before.empty() || !command.after.empty();
  if (named && !command.files.empty()) {
    return fail("files are given with and without --before and --after", "name the side of each",
                2);
  }
  if (command.files.empty() && !named) command.files = {"perf.data.old", "perf.data"};  // perf's
  if (command.files.size() == 2) {
    command.before = {command.files[0]};
    command.after = {command.files[1]};
  } else if (command.files.size() > 2) {
    return fail("more than two files", "--before A1 --before A2 --after B1 --after B2", 2);
  } else if (command.files.empty() && (command.before.empty() || command.after.empty())) {
    return fail(command.before.empty() ? "what is it to be compared with? --before is missing"
                                       : "what is compared with it? --after is missing",
                {}, 2);
  }
  const auto from_stdin =
      std::ranges::count(command.before, "-") + std::ranges::count(command.after, "-");
  if (from_stdin > 1) return fail("only one file can be standard input", {}, 2);
  return {};
}

Result<void> settle(DiffCommand& command) {
  if (auto done = settle_sides(command); !done) return done;
  if (command.normalize == "time") {
    command.diff.normalize = Normalize::Time;
  } else if (command.normalize == "none") {
    command.diff.normalize = Normalize::None;
  }
  command.list.sort = *diff_sort_named(command.sort);
  if (command.list.separator == "\\t") command.list.separator = "\t";
  if (command.list.separator.starts_with('.')) {
    return fail("-t cannot be a dot: it stands for the separator in names", {}, 2);
  }
  const bool for_programs = command.json || !command.list.separator.empty();
  command.list.limit = command.limit.value_or(for_programs ? 0 : kUsualRows);
  const char* no_colour = std::getenv("NO_COLOR");
  const bool to_stdout = command.output.empty() || command.output == "-";
  command.list.colour = to_stdout && command.list.separator.empty() &&
                        ::isatty(STDOUT_FILENO) == 1 && (!no_colour || *no_colour == '\0');
  if (auto done = take_min_width(command.min_width, command.picture); !done) return done;
  command.difference.of_self = command.color_by == "self";
  if (auto complaint = complaint_about(command.picture)) return fail(*complaint, {}, 2);
  return {};
}

Result<DiffInput> load_input(const DiffCommand& command, const std::string& path) {
  LoadOptions options = command.load;
  options.input.path = path;
  auto profile = load_profile(options);
  if (!profile) return tl::unexpected(std::move(profile.error()));
  if (!command.begin.empty()) begin_stacks(command.begin, *profile);
  DiffInput input;
  input.name = path == "-" ? "standard input" : path;
  input.event = first_event_with_samples(*profile);
  const bool is_pair = profile->is_differential() && command.files.size() == 1;
  const bool empty = input.event >= profile->events.size() ||
                     (profile->events[input.event].samples == 0 && !is_pair);
  if (empty) {
    print_warnings(profile->warnings);
    return fail("no stacks found in '" + input.name + "'",
                "was anything recorded, and is it what the filters ask for?", kNoData);
  }
  input.natural = natural_weight(*profile, input.event);
  input.profile = std::move(*profile);
  return input;
}

/// Told once, whatever number of files they are of.
void add_warnings(const DiffInput& input, std::vector<std::string>& warnings) {
  std::vector<std::string> of_input = warnings_about(input.profile, input.event);
  const uint64_t samples = input.profile.events[input.event].samples;
  if (samples < kFewSamples) {
    of_input.push_back(fmt::format("only {} sample{} in '{}': little can be told from chance",
                                   samples, samples == 1 ? "" : "s", input.name));
  }
  for (std::string& warning : of_input) {
    if (std::ranges::find(warnings, warning) == warnings.end()) {
      warnings.push_back(std::move(warning));
    }
  }
}

Result<DiffResult> compare_files(const DiffCommand& command, std::vector<std::string>& warnings) {
  if (command.files.size() == 1) {
    auto both = load_input(command, command.files.front());
    if (!both) return tl::unexpected(std::move(both.error()));
    if (!both->profile.is_differential()) {
      return fail("what is compared with '" + command.files.front() + "'?",
                  "prof diff BEFORE AFTER; one file alone is folded text with two counts a line",
                  2);
    }
    std::erase(both->profile.warnings, kOnlySecondCount);
    add_warnings(*both, warnings);
    return compare_sides(std::move(*both), command.diff);
  }
  std::vector<DiffInput> sides[2];
  for (const int side : {0, 1}) {
    for (const std::string& path : side == 0 ? command.before : command.after) {
      auto input = load_input(command, path);
      if (!input) return tl::unexpected(std::move(input.error()));
      add_warnings(*input, warnings);
      sides[side].push_back(std::move(*input));
    }
  }
  auto result = compare(sides[0], sides[1], command.diff);
  // Folded text does not say which event it is of.
  const bool told = result && result->before.event != "samples" && result->after.event != "samples";
  if (told && result->before.event != result->after.event) {
    warnings.push_back(fmt::format("different events are compared: '{}' and '{}' (--event)",
                                   result->before.event, result->after.event));
  }
  return result;
}

Result<void> draw(const DiffCommand& command, DiffResult& result, Output& out) {
  DrawRequest request = command.request;
  request.weight = result.weight;
  request.difference = command.difference;
  request.difference->scale = result.scale;
  request.difference->tells_noise = true;
  request.difference->by_share = result.normalize == Normalize::Share;
  request.difference->spread = result.spread;
  if (request.reverse) reverse_stacks(result.joined);
  return draw_flamegraph(result.joined, request, command.picture, {}, out);
}

void fold(const DiffCommand& command, const DiffResult& result, Output& out) {
  FoldedOptions options;
  options.weight = result.weight;
  options.both_sides = true;
  options.marks = !result.knows_binaries;  // as folded text has them
  if (command.equal_totals) {
    options.before_from = static_cast<double>(result.before.weight);
    options.before_to = static_cast<double>(result.after.weight);
  }
  write_folded(result.joined, options, out);
}

Result<void> write(const DiffCommand& command, DiffResult& result, Output& out) {
  if (command.flamegraph) return draw(command, result, out);
  if (command.folded) {
    fold(command, result, out);
  } else if (command.json) {
    print_diff_json(result, command.list, out);
  } else {
    print_diff(result, command.list, out);
  }
  return {};
}

/// The exit code.
Result<int> judge(const std::vector<FailIf>& conditions, const DiffResult& result) {
  int code = 0;
  for (const FailIf& condition : conditions) {
    const auto answer = ask(condition, result);
    if (!answer) return tl::unexpected(answer.error());
    for (const std::string& text : answer->broken) fmt::print(stderr, "prof: {}\n", text);
    for (const std::string& text : answer->not_sure) {
      fmt::print(stderr, "prof: not sure, and no failure: {}\n", text);
    }
    if (!answer->broken.empty()) code = 1;
  }
  return code;
}

Result<int> run_diff(DiffCommand& command) {
  if (auto settled = settle(command); !settled) return tl::unexpected(settled.error());
  std::vector<FailIf> conditions;
  for (const std::string& text : command.fail_if) {
    auto condition = parse_fail_if(text);
    if (!condition) return tl::unexpected(std::move(condition.error()));
    conditions.push_back(std::move(*condition));
  }
  command.load.with_timeline = command.begin.empty();  // of whole stacks
  std::vector<std::string> warnings;
  auto result = compare_files(command, warnings);
  if (!result) {
    print_warnings(warnings);
    return tl::unexpected(std::move(result.error()));
  }
  const Result<int> code = judge(conditions, *result);
  auto written =
      write_to(command.output, [&](Output& out) { return write(command, *result, out); });
  if (!written) return tl::unexpected(written.error());
  print_warnings(warnings);
  return code;
}

void add_difference_options(CLI::App& diff, DiffCommand& command) {
  add_picture_options(diff, command.picture, command.min_width, command.request.reverse);
  diff.add_option("--color-by,--colour-by", command.color_by,
                  "What colours tell the change of: a frame with all above it (total), or the "
                  "function alone (self)")
      ->check(CLI::IsMember({"total", "self"}))
      ->capture_default_str();
  diff.add_flag("--negate", command.difference.negate, "Red for less, blue for more");
}

void add_output_options(CLI::App& diff, const std::shared_ptr<DiffCommand>& command) {
  diff.add_option("--sort", command->sort,
                  "Order of rows: the change of self or total, self before or after, or name; "
                  "what is sure comes first")
      ->check(CLI::IsMember({"self", "total", "before", "after", "name"}))
      ->capture_default_str();
  diff.add_option("--limit", command->limit,
                  "Show so many rows, and all that are sure; 0: all (40 if not given, all for "
                  "programs)");
  auto* separator =
      diff.add_option("-t,--field-separator", command->list.separator,
                      "Put this between columns, which are not aligned then; in names it is a dot");
  auto* json = diff.add_flag("--json", command->json, "JSON for programs, instead of a table");
  auto* folded = diff.add_flag("--folded", command->folded,
                               "Folded stacks with both counts, as difffolded.pl, instead");
  auto* flamegraph = diff.add_flag("--flamegraph", command->flamegraph,
                                   "A flame graph of the differences as SVG, instead");
  separator->excludes(json, folded, flamegraph);
  json->excludes(folded, flamegraph);
  folded->excludes(flamegraph);
  diff.add_flag("-n", command->equal_totals,
                "With --folded: scale the counts of before to the total of after");
  diff.add_option("-o,--output", command->output, "File to write ('-': standard output)");
}

}  // namespace

void add_diff_command(CLI::App& app, CommandRun& run) {
  auto* diff = app.add_subcommand("diff", "Compare recordings, and tell change from chance");
  auto command = std::make_shared<DiffCommand>();
  command->load.join_wakers = true;
  command->load.without_idle = true;
  add_input_options(*diff, command->load.input);
  diff->remove_option(diff->get_option("--input"));  // there are two
  diff->add_option("files", command->files,
                   "What is compared: BEFORE and AFTER; perf.data.old and perf.data if not given")
      ->type_name("FILE");
  diff->add_option("--before", command->before, "A recording of the side before; may be repeated")
      ->take_all()
      ->allow_extra_args(false);
  diff->add_option("--after", command->after, "A recording of the side after; may be repeated")
      ->take_all()
      ->allow_extra_args(false);
  diff->add_option("--normalize", command->normalize,
                   "What makes sides comparable: share (of each side's total), time (a second of "
                   "recording) or none")
      ->check(CLI::IsMember({"share", "time", "none"}))
      ->capture_default_str();
  diff->add_option_function<std::string>(
      "--weight",
      [command](const std::string& text) {
        command->diff.weight = weight_named(text, command->load.weight_field);
      },
      "What counts: samples, the sum of their period, or that of a number among a tracepoint's "
      "fields");
  diff->add_flag("-s,--strip-hex", command->diff.join.strip_hex,
                 "Functions whose names differ only in hexadecimal numbers (0x...) are one");
  diff->add_option("--fail-if", command->fail_if,
                   "Exit with 1 if this holds for sure, as 'total(parse) > +3%'; may be repeated")
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("CONDITION");
  diff->add_flag_callback(
      "--idle", [command] { command->load.without_idle = false; },
      "With where the idle task (swapper) waits for work");
  diff->add_option("--max-stack", command->load.max_stack, "Keep at most so many frames");
  add_stack_begin_options(*diff, command->begin);
  add_output_options(*diff, command);
  add_difference_options(*diff, *command);
  diff->callback([command, &run] { run = [command] { return run_diff(*command); }; });
}

}  // namespace prof
