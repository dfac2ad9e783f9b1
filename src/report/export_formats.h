// The formats that exporter.cpp has a row for. Each writes all of one event's stacks.
#pragma once

#include "report/exporter.h"

namespace prof {

/// speedscope's file format: a sampled profile for each thread, in the order of time
/// (https://github.com/jlfwong/speedscope/wiki/Importing-from-custom-sources). Without a timeline
/// one profile of all stacks.
Result<void> export_speedscope(const Profile&, const ExportOptions&, Output&);

/// pprof's profile.proto, gzipped, with a mapping for each binary, and the labels thread, pid and
/// tid where threads were kept apart
/// (https://github.com/google/pprof/blob/main/proto/profile.proto).
Result<void> export_pprof(const Profile&, const ExportOptions&, Output&);

/// The Firefox Profiler's processed format, for https://profiler.firefox.com: threads with times,
/// categories by kind of frame, inlined calls, source lines, build ids, and a marker for what was
/// lost. Without a timeline one thread, whose stacks follow each other
/// (https://github.com/firefox-devtools/profiler/blob/main/docs-developer/processed-profile-format.md).
Result<void> export_firefox(const Profile&, const ExportOptions&, Output&);

/// Chrome's Trace Event Format, for Perfetto and chrome://tracing: calls as spans of each thread,
/// as long as they are seen in samples without a gap.
Result<void> export_chrome(const Profile&, const ExportOptions&, Output&);

/// Callgrind's profile format (https://valgrind.org/docs/manual/cl-format.html), for KCachegrind.
Result<void> export_callgrind(const Profile&, const ExportOptions&, Output&);

/// The tree of {name, value, children} that d3-flame-graph takes.
Result<void> export_d3(const Profile&, const ExportOptions&, Output&);

/// Functions with what was spent in them, and with what they called: a table, and an array of
/// objects.
Result<void> export_csv(const Profile&, const ExportOptions&, Output&);
Result<void> export_json(const Profile&, const ExportOptions&, Output&);

Result<void> export_folded(const Profile&, const ExportOptions&, Output&);

}  // namespace prof
