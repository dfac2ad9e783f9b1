#include "cli/input_options.h"

#include <charconv>

#include "cli/download_progress.h"
#include "cli/read_progress.h"
#include "report/import_formats.h"
#include "report/where.h"

namespace prof {

namespace {

/// "0-3,7" as a list of CPUs.
std::vector<int32_t> parse_cpus(const std::string& text) {
  std::vector<int32_t> cpus;
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto number = [&] {
    int32_t value = -1;
    const auto [rest, error] = std::from_chars(at, end, value);
    constexpr int32_t kMostCpus = 1 << 16;
    if (error != std::errc{} || value < 0 || value > kMostCpus) {
      throw CLI::ValidationError("cannot read the CPU list '" + text + "'");
    }
    at = rest;
    return value;
  };
  while (at < end) {
    const int32_t first = number();
    int32_t last = first;
    if (at < end && *at == '-') {
      ++at;
      last = number();
    }
    for (int32_t cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
    if (at < end && *at++ != ',') {
      throw CLI::ValidationError("cannot read the CPU list '" + text + "'");
    }
  }
  return cpus;
}

/// What is wrong with a condition is told before any file is opened.
std::string readable_condition(const std::string& text) {
  const auto where = Where::parse(text);
  return where ? std::string() : where.error().message + "\n      " + where.error().hint;
}

}  // namespace

void add_symbol_options(CLI::App& command, InputOptions& options) {
  command.add_option("-i,--input", options.path, "Recording to read ('-': standard input)")
      ->capture_default_str();
  SymbolizerOptions& symbols = options.symbols;
  command.add_option("--symfs", symbols.symfs, "Look for binaries under this directory");
  command.add_option("--kallsyms", symbols.kallsyms_path, "Kernel symbols")->capture_default_str();
  command.add_option("-k,--vmlinux", symbols.vmlinux_path, "Kernel image with symbols");
  command.add_flag_callback(
      "--debuginfod", [&symbols] { symbols.debuginfod = interactive_debuginfod(); },
      "Ask the servers in $DEBUGINFOD_URLS for what is not on this machine; ^C goes on without");
  command.add_flag("--no-embedded", symbols.ignore_embedded,
                   "Do not use the names that 'prof embed' put into the recording");
  options.progress = read_progress(false);
  symbols.cache = DiskCache::of_user();
  command.add_flag_callback(
      "--no-cache", [&symbols] { symbols.cache = DiskCache(); },
      "Keep nothing on disk for the next time, and use nothing that was");
  command.add_flag("-f,--force", symbols.any_owner,
                   "Believe perf maps and jitdumps whoever owns them");
}

void add_format_option(CLI::App& command, InputOptions& options) {
  command.add_option(
      "--input-format", options.format,
      "What the input is, where its content does not tell: " + import_format_names());
}

void add_input_options(CLI::App& command, InputOptions& options) {
  add_symbol_options(command, options);
  FilterOptions& filter = options.filter;
  command.add_option("--comm,--comms", filter.comms, "Only these commands")->delimiter(',');
  command.add_option("--pid", filter.pids, "Only these processes")->delimiter(',');
  command.add_option("--tid", filter.tids, "Only these threads")->delimiter(',');
  command
      .add_option_function<std::string>(
          "-C,--cpu", [&filter](const std::string& text) { filter.cpus = parse_cpus(text); },
          "Only these CPUs, as 0-3,7")
      ->type_name("CPUS");
  command.add_option("--time", filter.time,
                     "Only this part: START,STOP in seconds, 10%-20%, 10%/2");
  command.add_option("--event", filter.event, "Only this event of the recording");
  command
      .add_option("--where", filter.where,
                  "Only samples for which this holds, as 'comm == nginx && dso !~ /libc/': see "
                  "man prof-where")
      ->type_name("CONDITION")
      ->check(readable_condition, "", "");
  SymbolizerOptions& symbols = options.symbols;
  static const std::map<std::string, Demangle> kStyles{
      {"names", Demangle::Names}, {"full", Demangle::Full}, {"none", Demangle::None}};
  auto* demangle =
      command.add_option("--demangle", symbols.demangle, "C++ and Rust names: names, full or none");
  demangle->transform(CLI::CheckedTransformer(kStyles, CLI::ignore_case));
  command.add_flag_callback(
      "--no-demangle", [&symbols] { symbols.demangle = Demangle::None; }, "Names as linked");
  command.add_flag("--short-names", symbols.short_names,
                   "C++, Rust and D names without parameters and template arguments");
  command.add_flag("!--no-join-stacks", options.join_stacks,
                   "Leave stacks that were larger than their copies as they were found");
  command.add_flag_callback(
      "--no-inline", [&options] { options.inlined = InputOptions::Inlined::Never; },
      "Do not show inlined calls");
  command.add_flag_callback(
      "--inline", [&options] { options.inlined = InputOptions::Inlined::Always; },
      "Show them in the kernel's call chains, too, not only where stack copies are unwound");
}

}  // namespace prof
