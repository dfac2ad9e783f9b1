#include "report/load.h"

#include "perfdata/reader.h"
#include "report/packed_input.h"
#include "report/pipeline.h"
#include "report/source.h"
#include "report/stack_quality.h"

namespace prof {

namespace {

std::string_view as_text(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

/// Whether it is a perf.data, or is to be read, and complained of, as one.
bool is_recording(const InputOptions& options, const MappedFile& file) {
  if (!options.format.empty()) return options.format == kRecordingFormat;
  return Reader::has_magic(file.bytes());
}

/// What is neither text nor begins as something else is a recording without its beginning, for all
/// that can be said.
bool may_be_recording(const ImportInput& input) {
  const std::string_view head = input.content.substr(0, 4096);
  return head.empty() || head.find('\0') != head.npos;
}

}  // namespace

Result<Source> open_source(const InputOptions& options) {
  auto input = open_packed_input(options.path);
  if (!input) return tl::unexpected(input.error());
  Source source;
  source.name = input->name;
  if (!is_recording(options, input->file)) {
    source.input.content = as_text(input->file);
    source.input.name = input->name;
    const auto format = choose_import_format(options.format, source.input);
    if (format) {
      source.format = *format;
      source.file = std::move(input->file);
      source.warnings = std::move(input->warnings);
      return source;
    }
    if (!options.format.empty() || !may_be_recording(source.input)) {
      return tl::unexpected(format.error());
    }
  }
  auto reader = open_reader(std::move(*input));
  if (!reader) return tl::unexpected(reader.error());
  auto recording = Recording::from_reader(std::move(*reader), options);
  if (!recording) return tl::unexpected(recording.error());
  source.recording = std::move(*recording);
  return source;
}

Result<Profile> profile_of_import(const Source& source, const LoadOptions& options) {
  auto profile = source.format->load(source.input, options);
  if (!profile) return profile;
  // Those of the input come first.
  profile->warnings.insert(profile->warnings.begin(), source.warnings.begin(),
                           source.warnings.end());
  return profile;
}

Result<Profile> load_profile(const LoadOptions& options) {
  auto source = open_source(options.input);
  if (!source) return tl::unexpected(source.error());
  source->input.file = &source->file;
  if (source->format) return profile_of_import(*source, options);
  StackQuality quality;
  auto profile =
      build_profile(*source->recording, options, options.with_quality ? &quality : nullptr);
  if (profile && options.with_quality) profile->quality = quality_table(*profile, quality);
  return profile;
}

}  // namespace prof
