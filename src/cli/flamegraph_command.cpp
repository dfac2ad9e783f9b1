#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/input_options.h"
#include "cli/page_file.h"
#include "cli/picture_options.h"
#include "cli/profile_output.h"
#include "cli/warnings.h"
#include "common/text_file.h"
#include "flamegraph/flamegraph.h"
#include "flamegraph/layout.h"
#include "report/import_folded.h"
#include "report/load.h"

namespace prof {

namespace {

constexpr int kNoData = 2;             // exit code; there is a picture all the same, which says so
constexpr uint64_t kFewSamples = 100;  // below, shares are mostly chance; flamegraph.pl's threshold

struct FlamegraphCommand {
  LoadOptions load;
  StackBegin begin;
  DrawRequest request;
  FlamegraphOptions picture;
  std::string min_width;
  std::string colors = "hot";
  std::string colour_by = "kind";
  std::string palette_file;  // --cp
  std::string name_attributes;
  std::string output;
  bool html = false;
  bool negate = false;
};

Result<void> settle(FlamegraphCommand& command) {
  if (auto done = take_min_width(command.min_width, command.picture); !done) return done;
  const auto palette = palette_named(command.colors);
  if (!palette) {
    std::string names;
    for (const auto& name : palette_names()) names += (names.empty() ? "" : ", ") + name;
    return fail("no colours '" + command.colors + "'", "there are " + names, 2);
  }
  command.picture.palette = *palette;
  const auto colour_by = colour_by_named(command.colour_by);
  if (!colour_by) {
    return fail("cannot colour by '" + command.colour_by + "'",
                "there are kind, dso, package, self", 2);
  }
  command.picture.colour_by = *colour_by;
  if (auto complaint = complaint_about(command.picture)) return fail(*complaint, {}, 2);
  return {};
}

/// The colours of earlier pictures; none where the file is not there yet.
Result<PaletteFile> read_palette_file(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) return PaletteFile();
  auto text = read_text_file(path);
  if (!text) return tl::unexpected(std::move(text.error()).in("cannot read the colours"));
  auto file = PaletteFile::parse(*text);
  if (!file) return tl::unexpected(std::move(file.error()).in("cannot read '" + path + "'"));
  return file;
}

Result<NameAttributes> read_name_attributes(const std::string& path) {
  if (path.empty()) return NameAttributes();
  auto text = read_text_file(path);
  if (!text) return tl::unexpected(std::move(text.error()).in("cannot read --nameattr"));
  auto attributes = NameAttributes::parse(*text);
  if (!attributes) {
    return tl::unexpected(std::move(attributes.error()).in("cannot read '" + path + "'"));
  }
  return attributes;
}

std::vector<std::string> warnings_of(const Profile& profile, uint32_t event) {
  std::vector<std::string> warnings = warnings_about(profile, event);
  if (!profile.has_callchains) {
    warnings.push_back(
        "the recording has no call chains, so flames are one frame high (record -g)");
  }
  const uint64_t samples = profile.events[event].samples;
  if (samples < kFewSamples) {
    warnings.push_back(
        fmt::format("only {} sample{}: shares are rough", samples, samples == 1 ? "" : "s"));
  }
  return warnings;
}

/// What the options of a flame chart ask of the input.
Result<void> settle_chart(FlamegraphCommand& command) {
  if (!command.request.chart) return {};
  if (command.request.reverse) {
    return fail("--flamechart and --reverse exclude each other", "a chart is by time, root first",
                2);
  }
  if (!command.begin.empty()) {
    return fail("--flamechart draws whole stacks", "leave out --base and --skip-after", 2);
  }
  command.load.with_timeline = command.load.order_of_lines = true;
  command.load.group.pid = command.load.group.tid = true;  // each thread is a chart of its own
  return {};
}

/// --html: the page has all events, and says itself what is missing.
Result<int> run_page(FlamegraphCommand& command) {
  PageCommand page;
  page.load = command.load;
  page.begin = command.begin;
  page.request.title = command.picture.title;
  page.request.weight = command.request.weight;
  page.request.downward = command.picture.inverted;
  page.request.leaf_first = command.request.reverse;
  for (const std::string& note : {command.picture.subtitle, command.picture.notes}) {
    if (!note.empty()) page.request.notes.push_back(note);
  }
  auto written = write_page_file(page, command.output);
  if (!written) return tl::unexpected(written.error());
  return 0;
}

/// Folded text with two counts: as flamegraph.pl, by what they are.
void take_both_sides(const FlamegraphCommand& command, Profile& profile, DrawRequest& request) {
  std::erase(profile.warnings, kOnlySecondCount);
  DifferenceOptions difference;
  difference.of_self = command.picture.colour_by == ColourBy::Self;
  difference.negate = command.negate;
  difference.by_share = false;
  request.difference = difference;
  if (request.reverse) reverse_stacks(profile);
}

Result<int> run_flamegraph(FlamegraphCommand& command) {
  if (auto settled = settle(command); !settled) return tl::unexpected(settled.error());
  if (auto settled = settle_chart(command); !settled) return tl::unexpected(settled.error());
  if (command.html && command.request.chart) {
    return fail("--html and --flamechart exclude each other",
                "the page shows the order of time, too", 2);
  }
  if (command.html) return run_page(command);
  auto attributes = read_name_attributes(command.name_attributes);
  if (!attributes) return tl::unexpected(attributes.error());
  Result<PaletteFile> colours;
  if (!command.palette_file.empty()) colours = read_palette_file(command.palette_file);
  if (!colours) return tl::unexpected(colours.error());
  const DrawFiles files{std::move(*attributes), command.palette_file.empty() ? nullptr : &*colours};
  if (!command.request.reverse && !command.request.chart && command.begin.empty()) {
    command.load.least_share = least_share(command.picture);
  }
  auto profile = load_profile(command.load);
  const bool no_data = !profile && profile.error().exit_code == kNoData &&
                       command.load.weight_field.empty();  // else it was the field's name
  if (!profile && !no_data) return tl::unexpected(profile.error());
  DrawRequest request = command.request;
  if (profile) {
    if (!command.begin.empty()) begin_stacks(command.begin, *profile);
    request.event = first_event_with_samples(*profile);
    if (request.chart && !profile->nodes.empty() && !profile->timeline.in_order) {
      return fail("'" + command.load.input.path + "' does not say when samples were taken",
                  "without --flamechart its stacks are drawn by name");
    }
    request.other_events = other_events(*profile, request.event);
    if (profile->is_differential()) take_both_sides(command, *profile, request);
  }
  const Profile nothing;
  auto written = write_to(command.output, [&](Output& out) {
    return draw_flamegraph(profile ? *profile : nothing, request, command.picture, files, out);
  });
  if (!profile) return tl::unexpected(profile.error());
  if (!written) {
    print_warnings(profile->warnings);  // why there is nothing to draw, perhaps
    for (const ProfileEvent& event : profile->events) {
      if (event.idle_samples != 0 && event.samples == 0) {
        return fail("no stacks found but idle ones", "--idle shows them", kNoData);
      }
    }
    return tl::unexpected(written.error());
  }
  if (colours->changed()) {
    auto kept = write_to(command.palette_file, [&](Output& out) -> Result<void> {
      colours->write(out);
      return {};
    });
    if (!kept) return tl::unexpected(kept.error());
  }
  print_warnings(warnings_of(*profile, request.event));
  return 0;
}

/// As in perf: what is piped in is what is meant, where no file is named.
bool stdin_is_pipe() {
  struct stat status {};
  return ::fstat(STDIN_FILENO, &status) == 0 && S_ISFIFO(status.st_mode);
}

void add_style_options(CLI::App& app, FlamegraphCommand& command) {
  FlamegraphOptions& picture = command.picture;
  add_picture_options(app, picture, command.min_width, command.request.reverse);
  app.add_option("--colors,--color", command.colors,
                 "hot, mem, io, red, green, blue, aqua, yellow, purple, orange, java, js, perl, "
                 "python, rust, chain, wakeup, safe (for colour-blind eyes) or contrast")
      ->capture_default_str();
  app.add_option("--color-by,--colour-by", command.colour_by,
                 "What colours tell: kind (of frame, as the palette has it), dso, package or self")
      ->capture_default_str();
  app.add_flag_callback(
      "--cp", [&command] { command.palette_file = "palette.map"; },
      "Keep the colours of functions between pictures in palette.map");
  app.add_option("--palette-map", command.palette_file, "The same in this file");
  app.add_option("--nameattr", command.name_attributes,
                 "A file of attributes of functions: name<tab>href=...<tab>title=...");
  app.add_flag("--negate", command.negate,
               "Of a differential (two counts a line): red for less, blue for more");
  app.add_flag("--flamechart", command.request.chart,
               "In the order of time instead of names, one thread beside the other; folded stacks "
               "in the order of their lines");
  app.add_option("--fonttype", picture.font_family, "Font family");
  app.add_option("--fontsize", picture.font_size, "Font size in pixels")->capture_default_str();
  app.add_option("--fontwidth", picture.font_width, "Mean width of a letter in font sizes")
      ->capture_default_str();
  app.add_flag_callback(
      "--truncate-text-left", [&picture] { picture.cut_side = CutSide::Left; },
      "Show the end of a name that does not fit, instead of its beginning");
  app.add_flag_callback(
      "--truncate-text-right", [&picture] { picture.cut_side = CutSide::Right; },
      "Show the beginning of a name that does not fit (the default)");
  app.add_option("--countname", picture.count_name, "What is counted, for hover texts");
  app.add_option("--nametype", picture.name_type, "What a frame is, for hover texts")
      ->capture_default_str();
  app.add_option("--factor", picture.factor, "Multiply shown counts by this");
  app.add_option("--total", picture.total, "Let the full width stand for this much");
  app.add_flag_callback(
      "--hash,--deterministic", [] {},
      "Accepted as flamegraph.pl's and inferno's: colours always follow names");
}

}  // namespace

void add_flamegraph_command(CLI::App& app, CommandRun& run) {
  auto* flamegraph = app.add_subcommand("flamegraph", "Draw a flame graph as SVG");
  auto command = std::make_shared<FlamegraphCommand>();
  command->load.join_wakers = true;
  add_input_options(*flamegraph, command->load.input);
  add_format_option(*flamegraph, command->load.input);
  flamegraph->add_option("file", command->load.input.path, "The same as -i");
  flamegraph->add_option("-o,--output", command->output, "File to write ('-': standard output)");
  flamegraph->add_flag(
      "--html", command->html,
      "One HTML file that needs no network: graph, callers and callees, table, and "
      "a heat map of time to choose ranges of");
  flamegraph->add_option_function<std::string>(
      "--weight",
      [command](const std::string& text) {
        command->request.weight = weight_named(text, command->load.weight_field);
      },
      "What widths show: samples, the sum of their period, or that of a number among a "
      "tracepoint's fields, as bytes_alloc");
  command->load.without_idle = true;
  flamegraph->add_flag_callback(
      "--idle", [command] { command->load.without_idle = false; },
      "Show where the idle task (swapper) waits for work, too");
  flamegraph->add_flag("--show-pid", command->load.group.pid, "Keep processes apart");
  flamegraph->add_flag_callback(
      "--show-tid", [command] { command->load.group.pid = command->load.group.tid = true; },
      "Keep threads apart");
  flamegraph->add_option("--max-stack", command->load.max_stack, "Keep at most so many frames");
  add_stack_begin_options(*flamegraph, command->begin);
  add_style_options(*flamegraph, *command);
  flamegraph->callback([flamegraph, command, &run] {
    const bool given = flamegraph->count("-i") != 0 || flamegraph->count("file") != 0;
    if (!given && stdin_is_pipe()) command->load.input.path = "-";
    run = [command] { return run_flamegraph(*command); };
  });
}

}  // namespace prof
