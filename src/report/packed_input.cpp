#include "report/packed_input.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "common/input.h"
#include "object/unpacker.h"

namespace prof {

namespace {

constexpr uint64_t kMostRatio = 1000;
constexpr uint64_t kAlwaysFits = uint64_t{1} << 30;

Result<MappedFile> unpack_to_file(Unpacker& unpacker, size_t packed_size, const std::string& name,
                                  std::vector<std::string>& warnings) {
  auto fd = temporary_file();
  if (!fd) return tl::unexpected(fd.error());
  const uint64_t most = std::max(kAlwaysFits, kMostRatio * packed_size);
  std::vector<std::byte> buffer(size_t{1} << 20);
  uint64_t size = 0;
  auto status = Unpacker::Status::More;
  while (status == Unpacker::Status::More) {
    const size_t made = unpacker.next(buffer, status);
    size += made;
    if (size > most) {
      return fail(fmt::format("'{}' unpacks to more than {} bytes", name, most),
                  "that is no recording; if it is, unpack it first");
    }
    auto done = write_whole(fd->get(), std::span(buffer).first(made));
    if (!done) return tl::unexpected(done.error());
  }
  if (status == Unpacker::Status::Bad) {
    if (size == 0) return fail(fmt::format("cannot unpack '{}': it is damaged or cut off", name));
    warnings.push_back(fmt::format(
        "{}: damaged or cut off, as it is packed; read are the {} bytes before that", name, size));
  }
  return MappedFile::from_fd(std::move(*fd), name);
}

}  // namespace

Result<Input> open_packed_input(const std::string& path) {
  std::error_code ignored;
  const bool is_directory = path != "-" && std::filesystem::is_directory(path, ignored);
  const std::string name = is_directory ? path + "/data" : path;
  auto file = open_input(name);
  if (!file && is_directory) {
    return tl::unexpected(std::move(file.error()).in("'" + path + "' is no recording"));
  }
  if (!file) return tl::unexpected(file.error());
  Input input{std::move(*file), path == "-" ? "standard input" : name, {}, {}};
  if (is_directory) input.directory = path;
  const auto unpacker = Unpacker::of(input.file.bytes());
  if (!unpacker) return input;
  auto unpacked = unpack_to_file(*unpacker, input.file.bytes().size(), input.name, input.warnings);
  if (!unpacked) return tl::unexpected(unpacked.error());
  input.file = std::move(*unpacked);
  return input;
}

Result<std::unique_ptr<Reader>> open_reader(Input input) {
  auto reader = Reader::from_file(std::move(input.file), input.name);
  if (!reader) return reader;
  if (!input.directory.empty()) {
    if (auto done = (*reader)->add_parts(input.directory); !done) {
      return tl::unexpected(std::move(done.error()));
    }
  }
  const auto beside = std::filesystem::path(input.name).replace_filename("data.0");
  std::error_code ignored;
  if (input.directory.empty() && (*reader)->features().is_directory &&
      std::filesystem::exists(beside, ignored)) {
    (*reader)->warnings().push_back(fmt::format(
        "{}: is one file of a recording of several (name the directory to read all of it)",
        input.name));
  }
  for (std::string& warning : input.warnings) (*reader)->warnings().push_back(std::move(warning));
  return reader;
}

}  // namespace prof
