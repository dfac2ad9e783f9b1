#include "record/record_summary.h"

#include <fmt/core.h>

#include <algorithm>

#include "record/stack_trimmer.h"

namespace prof {

namespace {

constexpr double kMega = 1024.0 * 1024.0;

/// "1000 samples", and what they were counted in.
std::string counts_text(const RecordSummary& of) {
  const uint64_t samples = of.totals.samples;
  if (!of.bpf) return fmt::format("{} samples", samples);
  const uint64_t single = samples - std::min(samples, of.bpf->records());
  std::string text = fmt::format("{} samples", of.options.bpf ? of.bpf->samples() : single);
  if (of.options.off_cpu) text += fmt::format(", {} times away from a CPU", of.bpf->times_away());
  if (!of.options.bpf && !of.options.off_cpu) return text;
  return text + fmt::format(", {} stacks", of.bpf->stacks());
}

std::string file_line(const RecordSummary& of) {
  const auto bytes_in = static_cast<double>(of.totals.written.bytes_in);
  const auto bytes_out = static_cast<double>(of.totals.written.bytes_out);
  std::string line =
      fmt::format("Captured and wrote {:.3f} MB {}", bytes_out / kMega, of.options.output);
  if (of.options.switch_output.enabled() || of.options.timestamp_filename) line += ".<timestamp>";
  if (of.totals.files > 1) line += fmt::format(" in {} files", of.totals.files);
  if (of.is_whole) line += " (" + counts_text(of) + ")";
  if (of.options.compression_level != 0 && of.totals.written.bytes_out != 0) {
    line += fmt::format(", compressed (original {:.3f} MB, ratio is {:.3f})", bytes_in / kMega,
                        bytes_in / bytes_out);
  }
  return line;
}

double microseconds_each(const BpfObject::RunStats& stats) {
  return static_cast<double>(stats.nanoseconds) / 1000 /
         static_cast<double>(std::max<uint64_t>(stats.runs, 1));
}

/// For -v.
void add_costs(const RecordSummary& of, std::vector<std::string>& lines) {
  if (of.options.samples_by_bpf() && of.bpf) {
    const auto sampling = of.bpf->programs().sampling();
    lines.push_back(
        fmt::format("The BPF program ran {} times ({} by its own count), {:.2f} us each",
                    sampling.runs, of.bpf->runs(), microseconds_each(sampling)));
  }
  if (of.options.off_cpu && of.bpf) {
    const auto switching = of.bpf->programs().switching();
    lines.push_back(fmt::format("{} switches of threads were watched, {:.2f} us each",
                                switching.runs, microseconds_each(switching)));
  }
  if (of.unwinder) {
    lines.push_back(fmt::format("{} walks were finished in user space, {} of them to the bottom",
                                of.unwinder->walks(), of.unwinder->whole()));
  }
}

void add_losses(const RecordSummary& of, std::vector<std::string>& lines) {
  if (of.unwinder && of.unwinder->no_room() != 0) {
    lines.push_back(fmt::format(
        "{} unwind tables or processes found no room in the kernel: stacks through them "
        "were walked by prof, or end there",
        of.unwinder->no_room()));
  }
  if (of.unwinder && of.unwinder->without_copy() != 0) {
    lines.push_back(
        fmt::format("{} stacks were cut, since their copies came faster than they could be walked",
                    of.unwinder->without_copy()));
  }
  if (of.bpf && of.bpf->is_incomplete()) {
    lines.emplace_back("Some counts of the BPF programs could not be read, and are missing");
  }
  if (of.bpf && of.lost != 0) {
    lines.push_back(fmt::format(
        "Lost {} samples: their stacks came faster than they could be read: try a lower -F",
        of.lost));
  } else if (of.lost != 0 && of.options.overwrite) {
    lines.push_back(fmt::format("Lost {} records that came while the rings were read", of.lost));
  } else if (of.lost != 0) {
    lines.push_back(
        fmt::format("Lost {} records for want of room in the ring buffers: try a larger -m or a "
                    "lower -F",
                    of.lost));
  }
  const uint64_t left_out = of.bpf ? of.bpf->programs().total(&stack_stats::left_out) : 0;
  if (left_out != 0) {
    lines.push_back(
        fmt::format("{} hits are left out: '{}' is negative", left_out, of.options.weight_field));
  }
  if (of.totals.shortened != 0) {
    lines.push_back(
        fmt::format("Shortened {} stack copies to {} bytes, since the disk was too slow for whole "
                    "ones",
                    of.totals.shortened, StackTrimmer::kShort));
  }
  if (of.totals.throttled != 0) {
    lines.push_back(
        fmt::format("The kernel throttled sampling {} times: try a lower -F", of.totals.throttled));
  }
}

}  // namespace

std::vector<std::string> summary_lines(const RecordSummary& summary) {
  std::vector<std::string> lines;
  lines.push_back(fmt::format("Woken up {} times to write data", summary.wakeups));
  lines.push_back(file_line(summary));
  if (summary.options.verbose) add_costs(summary, lines);
  add_losses(summary, lines);
  if (const FileKeeper::Kept& kept = summary.totals.kept; kept.files != 0) {
    lines.push_back(
        fmt::format("Kept {} that nobody would find later, {:.3f} MB in {}",
                    kept.files == 1 ? "a binary" : fmt::format("{} binaries", kept.files),
                    static_cast<double>(kept.bytes) / kMega, summary.options.cache.directory()));
  }
  return lines;
}

}  // namespace prof
