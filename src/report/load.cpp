#include "report/load.h"

#include <fmt/core.h>

#include <algorithm>

#include "perfdata/reader.h"
#include "report/import_folded.h"
#include "report/import_script.h"
#include "report/packed_input.h"
#include "report/pipeline.h"
#include "report/source.h"
#include "report/where_text.h"

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

/// Those of the input come first.
Profile with_warnings(Profile profile, const std::vector<std::string>& of_input) {
  profile.warnings.insert(profile.warnings.begin(), of_input.begin(), of_input.end());
  return profile;
}

std::string_view as_text(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

}  // namespace

Result<Source> open_source(const InputOptions& options) {
  auto input = open_packed_input(options.path);
  if (!input) return tl::unexpected(input.error());
  MappedFile& file = input->file;
  const std::string& name = input->name;
  Source source;
  source.name = name;
  if (!Reader::has_magic(file.bytes()) && looks_like_text(file.bytes())) {
    source.warnings = std::move(input->warnings);
    if (looks_like_script(as_text(file))) {
      source.script = std::move(file);
      return source;
    }
    auto profile = import_folded(file.bytes(), name);
    if (!profile) return tl::unexpected(profile.error());
    if (auto done = keep_where(options.filter.where, *profile); !done) {
      return tl::unexpected(std::move(done.error()));
    }
    source.folded = with_warnings(std::move(*profile), source.warnings);
    return source;
  }
  auto reader = open_reader(std::move(*input));
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
  auto profile = import_script(as_text(*source.script), source.name, options);
  if (!profile) return profile;
  return with_warnings(std::move(*profile), source.warnings);
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
  StackQuality quality;
  auto profile =
      build_profile(*source->recording, options, options.with_quality ? &quality : nullptr);
  if (profile && options.with_quality) profile->quality = quality_table(*profile, quality);
  return profile;
}

}  // namespace prof
