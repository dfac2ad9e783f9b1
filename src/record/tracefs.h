// Tracefs: the kernel's list of tracepoints, with what a recording has to say of those in it. Asked
// by event_spec for names, by the recorder for the description.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace prof {

/// Whether a name is a pattern.
bool is_glob(std::string_view name);

class Tracefs {
 public:
  /// Where it is mounted: `root`, or what the kernel's documentation knows. An error says how to
  /// mount it, or who may read it.
  static Result<Tracefs> find(const std::string& root = {});

  /// The number of tracepoint `system`:`name`; the error of an unknown one has the nearest names.
  Result<uint64_t> id_of(const std::string& system, const std::string& name) const;

  /// The tracepoints, as "system:name", that two patterns with *, ? and [] match; an error if none.
  Result<std::vector<std::string>> matching(const std::string& system,
                                            const std::string& name) const;

  /// The text of a tracepoint's format ("system:name"), see perfdata/event_format.h.
  Result<std::string> format_of(const std::string& tracepoint) const;
  /// The names by which a filter may ask for the fields of a tracepoint ("system:name").
  Result<std::vector<std::string>> fields_of(const std::string& tracepoint) const;

  /// What the kernel says of a filter that it refused; empty if it does not tell. Asks it anew, in
  /// an instance of tracefs that is removed again.
  std::string complaint(const std::string& tracepoint, const std::string& filter) const;

  /// What a perf.data says of its tracepoints, given as "system:name", so that readers know their
  /// fields: feature TRACING_DATA.
  Result<std::vector<std::byte>> describe(std::span<const std::string> tracepoints) const;

  const std::string& root() const { return root_; }

 private:
  explicit Tracefs(std::string root) : root_(std::move(root)) {}
  std::vector<std::string> systems() const;
  std::vector<std::string> events_of(const std::string& system) const;

  std::string root_;
};

}  // namespace prof
