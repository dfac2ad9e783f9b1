#include "report/load.h"

#include <algorithm>

#include "common/input.h"
#include "perfdata/reader.h"
#include "report/import_folded.h"
#include "report/pipeline.h"
#include "report/recording.h"

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

}  // namespace

Result<Profile> load_profile(const LoadOptions& options) {
  auto file = open_input(options.input.path);
  if (!file) return tl::unexpected(file.error());
  const std::string name = options.input.path == "-" ? "standard input" : options.input.path;
  if (!Reader::has_magic(file->bytes()) && looks_like_text(file->bytes())) {
    return import_folded(file->bytes(), name);
  }
  auto reader = Reader::from_file(std::move(*file), name);
  if (!reader) return tl::unexpected(reader.error());
  auto recording = Recording::from_reader(std::move(*reader), options.input);
  if (!recording) return tl::unexpected(recording.error());
  return build_profile(**recording, options);
}

}  // namespace prof
