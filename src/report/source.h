// Source: an input file by what it turned out to be. Used by load_profile and by report, which also
// shows what a recording says of itself.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/mapped_file.h"
#include "report/load.h"
#include "report/recording.h"

namespace prof {

struct Source {
  std::unique_ptr<Recording> recording;  // a perf.data after pass one, or
  std::optional<Profile> folded;         // folded stacks, already whole, or
  std::optional<MappedFile> script;      // the text of perf script, of this
  std::string name;                      // for messages
  std::vector<std::string> warnings;     // of the input as a file
};

/// Guesses from the content.
Result<Source> open_source(const InputOptions& options);

/// Of a source that is the text of perf script.
Result<Profile> profile_of_script(const Source& source, const LoadOptions& options);

}  // namespace prof
