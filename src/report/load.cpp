#include "report/load.h"

#include <fmt/core.h>

#include <algorithm>

#include "common/input.h"
#include "perfdata/reader.h"
#include "report/import_folded.h"
#include "report/import_script.h"
#include "report/pipeline.h"
#include "report/source.h"

namespace prof {

namespace {

/// Text does not hold NUL bytes, other than UTF-16, which begins with its byte-order mark.
bool looks_like_text(std::span<const std::byte> bytes) {
  if (bytes.empty()) return false;
  const auto head = bytes.first(std::min<size_t>(bytes.size(), 4096));
  if (head.size() >= 2 && ((head[0] == std::byte{0xff} && head[1] == std::byte{0xfe}) ||
                           (head[0] == std::byte{0xfe} && head[1] == std::byte{0xff}))) {
    return true;
  }
  return std::ranges::find(head, std::byte{0}) == head.end();
}

std::string_view as_text(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

}  // namespace

Result<Source> open_source(const InputOptions& options) {
  auto file = open_input(options.path);
  if (!file) return tl::unexpected(file.error());
  const std::string name = options.path == "-" ? "standard input" : options.path;
  Source source;
  source.name = name;
  if (!Reader::has_magic(file->bytes()) && looks_like_text(file->bytes())) {
    if (looks_like_script(as_text(*file))) {
      source.script = std::move(*file);
      return source;
    }
    auto profile = import_folded(file->bytes(), name);
    if (!profile) return tl::unexpected(profile.error());
    source.folded = std::move(*profile);
    return source;
  }
  auto reader = Reader::from_file(std::move(*file), name);
  if (!reader) return tl::unexpected(reader.error());
  auto recording = Recording::from_reader(std::move(*reader), options);
  if (!recording) return tl::unexpected(recording.error());
  source.recording = std::move(*recording);
  return source;
}

Result<Profile> profile_of_script(const Source& source, const LoadOptions& options) {
  if (!options.weight_field.empty()) {
    return fail(
        fmt::format("the text of perf script has no field '{}' to weigh by", options.weight_field),
        "there are samples and period", 2);
  }
  return import_script(as_text(*source.script), source.name, options);
}

Result<Profile> load_profile(const LoadOptions& options) {
  auto source = open_source(options.input);
  if (!source) return tl::unexpected(source.error());
  if (source->script) return profile_of_script(*source, options);
  if (source->folded && !options.weight_field.empty()) {
    return fail(fmt::format("folded stacks have no field '{}' to weigh by", options.weight_field),
                "there are samples and period", 2);
  }
  if (source->folded) return std::move(*source->folded);
  return build_profile(*source->recording, options);
}

}  // namespace prof
