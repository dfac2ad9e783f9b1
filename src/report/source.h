// Source: an input file by what it turned out to be. Used by load_profile and by report, which also
// shows what a recording says of itself.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/mapped_file.h"
#include "report/import_formats.h"
#include "report/load.h"
#include "report/recording.h"

namespace prof {

struct Source {
  std::unique_ptr<Recording> recording;  // a perf.data after pass one, or
  const ImportFormat* format = nullptr;  // what else it is,
  ImportInput input;                     // with its content,
  MappedFile file;                       // which is in here
  std::string name;                      // for messages
  std::vector<std::string> warnings;     // of the input as a file
};

/// As InputOptions::format says, or guesses from the content.
Result<Source> open_source(const InputOptions& options);

/// Of a source that is no recording.
Result<Profile> profile_of_import(const Source& source, const LoadOptions& options);

}  // namespace prof
