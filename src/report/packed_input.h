// Inputs that are packed as a whole, perf.data.gz, stacks.folded.zst: read as if they were not.
// Used by load_profile and Recording.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/mapped_file.h"
#include "common/result.h"
#include "perfdata/reader.h"

namespace prof {

struct Input {
  MappedFile file;
  std::string name;                   // for messages: "standard input" for "-"
  std::vector<std::string> warnings;  // that it was cut off
  std::string directory;              // whose file `data` it is; empty if that was not asked for
};

/// Opens `path` as open_input does, and unpacks what gzip, xz or zstd packed, told by its first
/// bytes, into an unlinked temporary file. What was cut off or damaged is read up to there, with a
/// warning. What unpacks to more than a thousand times its size, and more than a gigabyte, is an
/// error: no recording does. Of a
/// directory (perf record --threads, --kcore) it is the file `data`.
Result<Input> open_packed_input(const std::string& path);
/// What it opened, as a recording with all its files.
Result<std::unique_ptr<Reader>> open_reader(Input input);

}  // namespace prof
