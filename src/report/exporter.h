// Exporters: a profile in the formats of other viewers, one format a file (export_*.cpp). Called by
// the export command; what formats there are is a row each in exporter.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "common/output.h"
#include "common/result.h"
#include "report/call_tree.h"
#include "report/profile.h"

namespace prof {

struct ExportOptions {
  uint32_t event = 0;               // of Profile::events
  Weight weight = Weight::Samples;  // what is summed
  std::string name = {};            // of the recording, as shown to users
  uint64_t begin = 0;               // ns on the recording's clock: time 0 of the viewer
};

struct Exporter {
  std::string_view name;
  std::string_view help;
  std::string_view extension;  // of files of this format, by which it is chosen
  bool is_text;                // may be printed on a terminal
  bool has_lines;              // has a place for source lines
  Result<void> (*write)(const Profile& profile, const ExportOptions& options, Output& out);
};

std::span<const Exporter> exporters();
/// Null where there is none of that name.
const Exporter* exporter_named(std::string_view name);
/// The one whose extension a file's name ends in; null if there is none.
const Exporter* exporter_for_file(std::string_view path);

/// The weight of a sample, or of a node's own samples, and the name of what it counts.
uint64_t weight_of(const TimelineSample& sample, Weight weight);
uint64_t weight_of(const StackNode& node, Weight weight);
/// Whether a node is a root that shows a thread, which has a name and a place of its own where
/// there is a timeline. Other roots are functions, of stacks that are nobody's.
inline bool shows_thread(const Profile& profile, const StackNode& node) {
  return node.parent == UINT32_MAX && !profile.timeline.samples.empty() &&
         profile.frame(node.frame).kind == FrameKind::Process;
}

/// Of a thread, as far as it is known: "name (pid 1, tid 2)", "name"; `fallback` if nothing is.
std::string thread_text(const Profile& profile, const TimelineThread& thread,
                        std::string_view fallback);
/// "file.c:12" as its file, if it is known, and number.
std::pair<std::string_view, uint64_t> split_line(std::string_view line);
std::string unit_of(const Profile& profile, const ExportOptions& options);
/// The same where weights can only be whole numbers: "samples/1000" where those of folded stacks
/// have three decimals.
std::string whole_unit_of(const Profile& profile, const ExportOptions& options);
/// A weight as a number in unit_of(), with the decimals that folded stacks may have.
std::string weight_text(const Profile& profile, const ExportOptions& options, uint64_t weight);

}  // namespace prof
