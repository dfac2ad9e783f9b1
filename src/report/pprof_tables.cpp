#include "report/pprof_tables.h"

#include <fmt/format.h>

#include "report/protobuf_reader.h"

namespace prof {

namespace {

// Of each table, so that a small packed file cannot ask for all memory.
constexpr size_t kMostEntries = size_t{1} << 26;

tl::unexpected<Error> damaged(size_t position, std::string_view what) {
  return fail(fmt::format("the message at byte {}: {}", position, what), "was the file cut off?");
}

}  // namespace

const std::vector<FrameId>* PprofTables::frames_of(uint64_t location) const {
  const auto known = locations_.find(location);
  return known == locations_.end() ? nullptr : &frames_[known->second];
}

Result<std::string_view> PprofTables::checked_text(uint64_t index, size_t position) const {
  if (index < texts_.size()) return texts_[index];
  return damaged(position, fmt::format("there is no text {} (of {})", index, texts_.size()));
}

Result<void> PprofTables::collect(std::string_view message) {
  ProtobufReader reader(message);
  while (reader.next()) {
    const Part part{reader.bytes(), reader.position()};
    std::vector<Part>* parts = nullptr;
    switch (reader.field()) {
      case pprof::kSampleType:
        parts = &types_found_;
        break;
      case pprof::kMapping:
        parts = &mappings_found_;
        break;
      case pprof::kLocation:
        parts = &locations_found_;
        break;
      case pprof::kFunction:
        parts = &functions_found_;
        break;
      case pprof::kString:
        if (reader.is_bytes()) texts_.push_back(reader.bytes());
        break;
      case pprof::kDefaultSampleType:
        default_index_ = reader.number();
        break;
      default:
        break;
    }
    if (parts && reader.is_bytes()) parts->push_back(part);
    if (texts_.size() > kMostEntries || (parts && parts->size() > kMostEntries)) {
      return damaged(reader.position(), fmt::format("more than {} of its kind", kMostEntries));
    }
  }
  if (!reader.ok()) return damaged(reader.position(), "no field that can be read");
  return {};
}

Result<void> PprofTables::read(std::string_view message, ImportedSamples& samples) {
  if (auto done = collect(message); !done) return done;
  for (const Part& part : types_found_) {
    if (auto done = read_type(part); !done) return done;
  }
  default_type_ = text(default_index_);
  for (const Part& part : mappings_found_) {
    if (auto done = read_mapping(part, samples); !done) return done;
  }
  for (const Part& part : functions_found_) {
    if (auto done = read_function(part); !done) return done;
  }
  for (const Part& part : locations_found_) {
    if (auto done = read_location(part, samples); !done) return done;
  }
  return {};
}

Result<void> PprofTables::read_type(const Part& part) {
  ProtobufReader reader(part.bytes);
  uint64_t type = 0, unit = 0;
  while (reader.next()) {
    if (reader.field() == pprof::kValueType) type = reader.number();
    if (reader.field() == pprof::kValueUnit) unit = reader.number();
  }
  if (!reader.ok()) return damaged(part.position, "no type of a value");
  const auto type_text = checked_text(type, part.position);
  if (!type_text) return tl::unexpected(type_text.error());
  const auto unit_text = checked_text(unit, part.position);
  if (!unit_text) return tl::unexpected(unit_text.error());
  types_.push_back({*type_text, *unit_text});
  return {};
}

Result<void> PprofTables::read_mapping(const Part& part, ImportedSamples& samples) {
  constexpr uint32_t kId = 1, kFile = 5, kBuildId = 6;
  ProtobufReader reader(part.bytes);
  uint64_t id = 0, file = 0, build_id = 0;
  while (reader.next()) {
    if (reader.field() == kId) id = reader.number();
    if (reader.field() == kFile) file = reader.number();
    if (reader.field() == kBuildId) build_id = reader.number();
  }
  if (!reader.ok()) return damaged(part.position, "no mapping");
  const auto file_text = checked_text(file, part.position);
  if (!file_text) return tl::unexpected(file_text.error());
  const auto id_text = checked_text(build_id, part.position);
  if (!id_text) return tl::unexpected(id_text.error());
  mappings_[id] = *file_text;
  if (!file_text->empty() && !id_text->empty()) {
    samples.add_binary(*file_text, *id_text);
  }
  return {};
}

Result<void> PprofTables::read_function(const Part& part) {
  constexpr uint32_t kId = 1, kName = 2, kSystemName = 3, kFile = 4;
  ProtobufReader reader(part.bytes);
  uint64_t id = 0, name = 0, system_name = 0, file = 0;
  while (reader.next()) {
    if (reader.field() == kId) id = reader.number();
    if (reader.field() == kName) name = reader.number();
    if (reader.field() == kSystemName) system_name = reader.number();
    if (reader.field() == kFile) file = reader.number();
  }
  if (!reader.ok()) return damaged(part.position, "no function");
  const auto name_text = checked_text(name != 0 ? name : system_name, part.position);
  if (!name_text) return tl::unexpected(name_text.error());
  const auto file_text = checked_text(file, part.position);
  if (!file_text) return tl::unexpected(file_text.error());
  functions_[id] = {*name_text, *file_text};
  return {};
}

Result<void> PprofTables::read_location(const Part& part, ImportedSamples& samples) {
  constexpr uint32_t kId = 1, kMappingId = 2, kAddress = 3, kLine = 4;
  constexpr uint32_t kLineFunction = 1, kLineNumber = 2;
  struct Line {
    uint64_t function = 0, number = 0;
  };
  ProtobufReader reader(part.bytes);
  uint64_t id = 0, mapping = 0;
  std::vector<Line> lines;
  ImportedFrame frame;
  while (reader.next()) {
    if (reader.field() == kId) id = reader.number();
    if (reader.field() == kMappingId) mapping = reader.number();
    if (reader.field() == kAddress) frame.address = reader.number();
    if (reader.field() != kLine) continue;
    ProtobufReader inner(reader.bytes());
    Line& line = lines.emplace_back();
    while (inner.next()) {
      if (inner.field() == kLineFunction) line.function = inner.number();
      if (inner.field() == kLineNumber) line.number = inner.number();
    }
    if (!inner.ok()) return damaged(part.position, "no line of a location");
  }
  if (!reader.ok()) return damaged(part.position, "no location");
  if (mapping != 0) {
    const auto known = mappings_.find(mapping);
    if (known == mappings_.end()) {
      return damaged(part.position, fmt::format("there is no mapping {}", mapping));
    }
    frame.dso = known->second;
  }
  const FrameKind kind = frame.dso.empty()             ? FrameKind::Other
                         : is_kernel_dso(frame.dso)    ? FrameKind::Kernel
                         : is_generated_dso(frame.dso) ? FrameKind::Jit
                                                       : FrameKind::User;
  frame.kind = kind;
  std::vector<FrameId> frames;
  if (lines.empty()) frames.push_back(samples.frame(frame));
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto function = functions_.find(lines[i].function);
    if (function == functions_.end() && lines[i].function != 0) {
      return damaged(part.position, fmt::format("there is no function {}", lines[i].function));
    }
    const Function told = function == functions_.end() ? Function() : function->second;
    frame.name = told.name;
    frame.kind = i + 1 < lines.size() ? FrameKind::Inlined : kind;
    std::string line;
    if (!told.file.empty() && lines[i].number != 0) {
      line = fmt::format("{}:{}", told.file, static_cast<int64_t>(lines[i].number));
    }
    frame.line = line;
    frames.push_back(samples.frame(frame));
  }
  const auto [known, added] = locations_.try_emplace(id, static_cast<uint32_t>(frames_.size()));
  if (!added) return damaged(part.position, fmt::format("there are two locations {}", id));
  frames_.push_back(std::move(frames));
  return {};
}

}  // namespace prof
