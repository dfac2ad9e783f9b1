#include "cli/foreign_report_options.h"

#include <fmt/core.h>

#include <array>
#include <string_view>

namespace prof {

namespace {

struct ForeignOption {
  std::string_view names;  // as CLI11 takes them
  std::string_view instead;
};

constexpr std::string_view kBranches =
    "samples are counted, not branches: 'prof script -F ip,brstack' prints them";
constexpr std::string_view kNoCode = "code is not shown: leave it out";
constexpr std::string_view kTraces = "AUX traces (Intel PT, CoreSight) are not decoded";
constexpr std::string_view kRuns =
    "where threads wait is recorded by 'prof record --off-cpu' or --wall";

// Those of perf report up to 6.16, in the order of their names.
constexpr auto kForeign = std::to_array<ForeignOption>({
    {"-b,--branch-stack", kBranches},
    {"-D,--dump-raw-trace", "'prof script --dump' prints every record"},
    {"-M,--disassembler-style", kNoCode},
    {"--addr2line", "debug files are read by prof itself: leave it out"},
    {"--asm-raw", kNoCode},
    {"--branch-history", kBranches},
    {"--disable-order", "records are ordered where it matters: leave it out"},
    {"--gtk", "there is text, and 'prof flamegraph' for a picture"},
    {"--ignore-vmlinux", "images of other kernels are not used anyway: leave it out"},
    {"--itrace", kTraces},
    {"--latency", kRuns},
    {"--objdump", kNoCode},
    {"--parallelism", kRuns},
    {"--percent-type", kNoCode},
    {"--prefix", kNoCode},
    {"--prefix-strip", kNoCode},
    {"--pretty", "--raw-trace shows fields as they are stored"},
    {"--samples", "'prof script --comm, --time' prints samples"},
    {"--show-on-off-events", "choose a part by --time"},
    {"--show-ref-call-graph", "each event has its own call graphs"},
    {"--source", kNoCode},
    {"--stdio-color", "text has no colours: leave it out"},
    {"--stitch-lbr", "call stacks from branch records are not joined"},
    {"--switch-off", "choose a part by --time"},
    {"--switch-on", "choose a part by --time"},
    {"--total-cycles", kBranches},
});

}  // namespace

void add_foreign_report_options(CLI::App& command) {
  for (const ForeignOption& option : kForeign) {
    command
        .add_option_function<std::vector<std::string>>(
            std::string(option.names),
            [&option](const std::vector<std::string>&) {
              throw CLI::ValidationError(fmt::format("prof report has no {}: {}",
                                                     option.names.substr(option.names.find("--")),
                                                     option.instead));
            })
        ->expected(0, 1)
        ->group("");
  }
  // What they ask for is so anyway: modules and names of the kernel are looked up, events without
  // samples are left out, and nothing more is said when asked for more.
  command.add_flag_callback("-m,--modules,--demangle-kernel,--skip-empty,-v,--verbose", [] {})
      ->group("");
}

}  // namespace prof
