// ImportFormats: the kinds of files besides recordings that have stacks, one row each. Used where
// an input is opened, by report, fold, flamegraph and export.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "common/mapped_file.h"
#include "common/result.h"
#include "report/json_document.h"
#include "report/load.h"
#include "report/profile.h"

namespace prof {

/// A file's content, unpacked.
struct ImportInput {
  std::string_view content;
  std::string name;                          // for messages
  std::unique_ptr<const JsonDocument> json;  // of content that is JSON
  bool guessed = true;                       // the format, by the content
  const MappedFile* file = nullptr;          // that `content` is, if it is
};

struct ImportFormat {
  std::string_view name;  // for --input-format
  std::string_view help;
  bool is_json = false;
  bool has_comms = false;  // whether it has commands and binaries, so that tables show them
  bool has_dsos = false;
  bool (*recognizes)(const ImportInput& input);
  Result<Profile> (*load)(const ImportInput& input, const LoadOptions& options);
};

std::span<const ImportFormat> import_formats();
/// Null where there is none of that name.
const ImportFormat* import_format_named(std::string_view name);
/// What perf.data is called where formats are.
inline constexpr std::string_view kRecordingFormat = "perf";
/// All names: "perf, folded, ...".
std::string import_format_names();

/// The format of `input`, by `format` where it is given, else by its content, which is then parsed
/// where it is JSON. Content of no format is an error.
Result<const ImportFormat*> choose_import_format(std::string_view format, ImportInput& input);

}  // namespace prof
