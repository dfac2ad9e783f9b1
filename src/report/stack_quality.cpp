#include "report/stack_quality.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace prof {

namespace {

/// Where stacks begin: the C library's and the linker's entries, other runtimes' threads, and the
/// kernel's own.
bool is_entry(std::string_view name) {
  name = name.substr(0, name.find('@'));  // a symbol's version
  static constexpr std::array<std::string_view, 22> kEntries{"_start",
                                                             "main",
                                                             "__libc_start_main",
                                                             "__libc_start_main_impl",
                                                             "__libc_start_call_main",
                                                             "start_thread",
                                                             "clone",
                                                             "clone3",
                                                             "__clone",
                                                             "__clone3",
                                                             "_dl_start",
                                                             "_dl_start_user",
                                                             "thread_start",
                                                             "runtime.goexit",
                                                             "runtime.mstart",
                                                             "runtime.rt0_go",
                                                             "ret_from_fork",
                                                             "ret_from_fork_asm",
                                                             "kthread",
                                                             "start_kernel",
                                                             "common_startup_64",
                                                             "secondary_startup_64"};
  return std::ranges::find(kEntries, name) != kEntries.end();
}

std::string_view text_of(const Profile& profile, StringId id, std::string_view otherwise) {
  return id.valid() ? profile.strings[id] : otherwise;
}

std::string percent(uint64_t part, uint64_t whole) {
  const double share =
      whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
  return fmt::format("{:.{}f} %", share, share > 0 && share < 1 ? 2 : 1);
}

constexpr std::string_view name_of(StackVerdict verdict) {
  switch (verdict) {
    case StackVerdict::Whole:
      return "whole";
    case StackVerdict::Truncated:
      return "truncated";
    case StackVerdict::Broken:
      return "broken";
    case StackVerdict::Unnamed:
      return "unnamed";
  }
  return "";
}

/// What makes a runtime write a perf map.
std::string jit_advice(std::string_view comm) {
  if (comm.starts_with("node") || comm.starts_with("MainThread")) {
    return "no perf map: start node with --perf-basic-prof";
  }
  if (comm.starts_with("java")) {
    return "no perf map: start java with -XX:+PreserveFramePointer and a perf map agent "
           "(-XX:+DumpPerfMapAtExit from JDK 17)";
  }
  if (comm.starts_with("python")) return "no perf map: start python (3.12 or later) with -X perf";
  if (comm.starts_with("dotnet")) return "no perf map: start it with DOTNET_PerfMapEnabled=1";
  return "generated code without a perf map: the program has to write /tmp/perf-PID.map";
}

std::string unnamed_advice(const StackFlaw& flaw, std::string_view dso, std::string_view comm) {
  if (flaw.jit) return jit_advice(comm);
  switch (flaw.miss) {
    case MissReason::Unmapped:
      return "addresses that nothing was mapped at: frame pointers that led astray, as a rule";
    case MissReason::FileMissing:
      return fmt::format(
          "{} is not on this machine: look for it with --symfs, or report where it "
          "was recorded",
          dso);
    case MissReason::BuildIdMismatch:
      return fmt::format("{} was replaced since the recording", dso);
    case MissReason::NoSymbols:
    case MissReason::NotFound:
      return fmt::format("{} is stripped: install its debug symbols", dso);
    default:
      return fmt::format("{} has no symbols", dso);
  }
}

std::string truncated_advice(const StackFlaw& flaw, uint64_t copy_size) {
  if (flaw.end == StackEnd::StackTruncated) {
    constexpr uint64_t kMost = 65528;
    if (copy_size >= kMost) return "stacks of more than 64 KiB, which is all that can be copied";
    const uint64_t larger = copy_size == 0 ? 16384 : std::min(copy_size * 2, kMost);
    return fmt::format("larger than the copy: record with --call-graph dwarf,{}", larger);
  }
  if (flaw.end == StackEnd::FrameLimit) return "deeper than the 255 frames that are walked";
  return "deeper than the kernel walks: raise kernel.perf_event_max_stack";
}

std::string broken_advice(const StackFlaw& flaw, std::string_view dso) {
  switch (flaw.end) {
    case StackEnd::Recorded:
      if (!flaw.dso.valid()) {
        return "frame pointers led astray, through code without them: record with --call-graph "
               "dwarf";
      }
      return fmt::format("{} is built without frame pointers: record with --call-graph dwarf", dso);
    case StackEnd::NoMapping:
      return fmt::format("the caller of code in {} lies where nothing was mapped", dso);
    case StackEnd::NoUnwindInfo:
      return fmt::format("no unwind table for {}: it is not here, was replaced, or has none", dso);
    case StackEnd::UnsupportedRule:
      return fmt::format("{} has unwind rules that prof does not know", dso);
    case StackEnd::UnsupportedMachine:
      return "stack copies of 32-bit programs are not unwound: build them with frame pointers and "
             "record with -g";
    default:
      return fmt::format("the stack below code in {} is not as its unwind table says", dso);
  }
}

}  // namespace

void StackQuality::add(const Profile& profile, const Stack& stack, uint64_t samples) {
  samples_ += samples;
  if (stack.joined) joined_ += samples;
  const auto judge = [&] {
    if (stack.end == StackEnd::StackTruncated || stack.end == StackEnd::FrameLimit) {
      return StackVerdict::Truncated;
    }
    const bool ends_well =
        stack.end == StackEnd::EndOfStack ||
        (stack.end == StackEnd::Recorded && !stack.has_user) ||  // a kernel thread, or going down
        (stack.root && stack.root->symbol.valid() && is_entry(profile.strings[stack.root->symbol]));
    if (ends_well) return stack.unnamed ? StackVerdict::Unnamed : StackVerdict::Whole;
    if (stack.end == StackEnd::Recorded && stack.length >= limit_) return StackVerdict::Truncated;
    return StackVerdict::Broken;
  };
  StackFlaw flaw;
  flaw.verdict = judge();
  if (flaw.verdict == StackVerdict::Whole || flaw.verdict == StackVerdict::Unnamed) {
    whole_ += samples;
  }
  if (flaw.verdict == StackVerdict::Whole) return;
  if (flaw.verdict == StackVerdict::Unnamed) unnamed_ += samples;
  flaw.comm = stack.comm;
  flaw.end = stack.end;
  const Frame* frame = flaw.verdict == StackVerdict::Unnamed ? stack.unnamed : stack.root;
  if (flaw.verdict == StackVerdict::Unnamed) {
    flaw.miss = stack.miss;
    flaw.end = StackEnd::Recorded;
  }
  if (frame) {
    flaw.dso = frame->dso_short;
    flaw.jit = frame->dso_short.valid() && profile.strings[frame->dso_short].starts_with("[JIT] ");
  }
  flaws_[flaw] += samples;
}

std::vector<std::pair<StackFlaw, uint64_t>> StackQuality::flaws() const {
  std::vector<std::pair<StackFlaw, uint64_t>> sorted(flaws_.begin(), flaws_.end());
  std::ranges::stable_sort(sorted, {}, [](const auto& flaw) {
    return std::pair(flaw.first.verdict == StackVerdict::Unnamed, ~flaw.second);
  });
  return sorted;
}

std::string advice_for(const Profile& profile, const StackFlaw& flaw, uint64_t copy_size) {
  const std::string_view dso = text_of(profile, flaw.dso, "code that is not mapped");
  switch (flaw.verdict) {
    case StackVerdict::Truncated:
      return truncated_advice(flaw, copy_size);
    case StackVerdict::Unnamed:
      return unnamed_advice(flaw, dso, text_of(profile, flaw.comm, ""));
    default:
      return broken_advice(flaw, dso);
  }
}

std::string quality_line(const Profile& profile, const StackQuality& quality) {
  const uint64_t all = quality.samples();
  const auto matters = [all](uint64_t samples) { return samples > all / 100; };
  const auto flaws = quality.flaws();
  const auto tell = [&](uint64_t sum, std::string_view are, const auto& worst) {
    const auto& [flaw, samples] = worst;
    return fmt::format("# Stacks: {} are {}; {} are {} in {}: {} (all: --stack-quality)\n",
                       percent(sum, all), are, percent(samples, all), name_of(flaw.verdict),
                       text_of(profile, flaw.comm, "all commands"),
                       advice_for(profile, flaw, quality.copy_size()));
  };
  std::string text;
  if (quality.proven() && all != 0) {
    text += fmt::format("# Whole stacks: {}\n", percent(quality.whole(), all));
  }
  if (matters(all - quality.whole())) {
    text += tell(quality.whole(), "whole", flaws.front());
  }
  if (matters(quality.unnamed())) {
    const auto worst = std::ranges::find(flaws, StackVerdict::Unnamed,
                                         [](const auto& flaw) { return flaw.first.verdict; });
    text += tell(quality.unnamed(), "whole, with frames without names", *worst);
  }
  return text;
}

std::string quality_table(const Profile& profile, const StackQuality& quality) {
  std::string text;
  const auto out = std::back_inserter(text);
  const uint64_t all = quality.samples();
  fmt::format_to(out, "# Stacks: {} of {} whole ({})", quality.whole(), all,
                 percent(quality.whole(), all));
  if (quality.unnamed() > 0) {
    fmt::format_to(out, ", {} of them with frames without names ({})", quality.unnamed(),
                   percent(quality.unnamed(), all));
  }
  text += '\n';
  if (quality.joined() > 0) {
    fmt::format_to(out,
                   "# Stacks: {} of them joined ({}): larger than the copy, and completed by the "
                   "stack their thread had before\n",
                   quality.joined(), percent(quality.joined(), all));
  }
  text += "#\n";
  const auto flaws = quality.flaws();
  if (flaws.empty()) return text;
  fmt::format_to(out, "# {:>9}  {:<9}  {:<15}  {:<24}  {}\n", "Samples", "Stacks are", "Command",
                 "Shared Object", "Why, and what mends it");
  for (const auto& [flaw, samples] : flaws) {
    fmt::format_to(out, "  {:>9}  {:<10}  {:<15}  {:<24}  {}\n", samples, name_of(flaw.verdict),
                   text_of(profile, flaw.comm, "-"), text_of(profile, flaw.dso, "[unknown]"),
                   advice_for(profile, flaw, quality.copy_size()));
  }
  text += '\n';
  return text;
}

}  // namespace prof
