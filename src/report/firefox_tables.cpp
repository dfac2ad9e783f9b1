#include "report/firefox_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "common/json_text.h"
#include "report/exporter.h"

namespace prof {

namespace {

constexpr uint32_t kNone = FirefoxTables::kNone;

/// `"name":[...]` of a column; `text_of(row)` is JSON.
template <class Rows, class TextOf>
void write_column(Output& out, std::string_view name, const Rows& rows, TextOf&& text_of) {
  out << "\"" << name << "\":[";
  bool first = true;
  for (const auto& row : rows) {
    if (!first) out << ",";
    first = false;
    out << text_of(row);
  }
  out << "]";
}

std::string or_null(uint32_t number) {
  return number == kNone ? std::string("null") : std::to_string(number);
}

/// Numbers of FirefoxTables::categories().
uint32_t category_of(FrameKind kind) {
  switch (kind) {
    case FrameKind::User:
    case FrameKind::Inlined:
      return 1;
    case FrameKind::Kernel:
      return 2;
    case FrameKind::Jit:
      return 3;
    case FrameKind::Unknown:
      return 4;
    case FrameKind::WallPart:
      return 5;
    case FrameKind::Process:
    case FrameKind::Other:
      break;
  }
  return 0;
}

/// Breakpad's form of a build id: its first 16 bytes as a GUID, whose first three fields are
/// little-endian, and an age of 0.
std::string breakpad_id(std::string_view build_id) {
  std::string bytes(build_id.substr(0, 32));
  bytes.resize(32, '0');
  constexpr size_t kOrder[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
  std::string id;
  for (const size_t byte : kOrder) id += bytes.substr(2 * byte, 2);
  for (char& c : id) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return id + "0";
}

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

}  // namespace

FirefoxShared::FirefoxShared(const Profile& profile) : profile_(profile) {
  for (const ProfileBinary& binary : profile.binaries) {
    build_ids_.emplace(binary.dso.value, binary.build_id);
  }
}

uint32_t FirefoxShared::text(std::string_view text) {
  const auto [known, added] =
      text_numbers_.try_emplace(std::string(text), static_cast<uint32_t>(texts_.size()));
  if (added) texts_.push_back(known->first);
  return known->second;
}

uint32_t FirefoxShared::lib(StringId dso) {
  const auto [known, added] =
      lib_numbers_.try_emplace(dso.value, static_cast<uint32_t>(libs_.size()));
  if (added) libs_.push_back(dso);
  return known->second;
}

void FirefoxShared::write(Output& out) const {
  out << "\"libs\":[";
  bool first = true;
  for (const StringId dso : libs_) {
    const std::string_view path = profile_.strings[dso];
    const std::string name =
        quoted(path.starts_with('[') ? path : path.substr(path.rfind('/') + 1));
    const auto build_id = build_ids_.find(dso.value);
    const bool known = build_id != build_ids_.end();
    out << fmt::format(
        "{}{{\"arch\":\"\",\"name\":{},\"path\":{},\"debugName\":{},\"debugPath\":{},"
        "\"breakpadId\":\"{}\",\"codeId\":{}}}",
        first ? "\n" : ",\n", name, quoted(path), name, quoted(path),
        breakpad_id(known ? build_id->second : ""), known ? quoted(build_id->second) : "null");
    first = false;
  }
  out << "],\n\"shared\":{";
  write_column(out, "stringArray", texts_, quoted);
  out << "}";
}

std::string_view FirefoxTables::categories() {
  return R"([{"name":"Other","color":"grey","subcategories":["Other"]},)"
         R"({"name":"User","color":"yellow","subcategories":["Other"]},)"
         R"({"name":"Kernel","color":"orange","subcategories":["Other"]},)"
         R"({"name":"JIT","color":"green","subcategories":["Other"]},)"
         R"({"name":"Unknown","color":"darkgrey","subcategories":["Other"]},)"
         R"({"name":"Wall clock","color":"blue","subcategories":["Other"]}])";
}

uint32_t FirefoxTables::stack(uint32_t node) {
  path_.clear();
  uint32_t prefix = kNone;
  for (uint32_t at = node; at != UINT32_MAX; at = profile_.nodes[at].parent) {
    if (const auto known = stack_of_.find(at); known != stack_of_.end()) {
      prefix = known->second;
      break;
    }
    if (!shows_thread(profile_, profile_.nodes[at])) path_.push_back(at);
  }
  for (size_t i = path_.size(); i-- > 0;) prefix = add(path_[i], prefix);
  return prefix;
}

uint32_t FirefoxTables::add(uint32_t node, uint32_t prefix) {
  const FrameId id = profile_.nodes[node].frame;
  StackRow row{0, prefix, id, 0};
  if (profile_.frame(id).kind == FrameKind::Inlined && prefix != kNone) {
    row.outer = stacks_[prefix].outer;
    row.depth = stacks_[prefix].depth + 1;
  }
  row.frame = frame(id, row.outer, row.depth);
  stacks_.push_back(row);
  const auto number = static_cast<uint32_t>(stacks_.size() - 1);
  stack_of_.emplace(node, number);
  return number;
}

uint32_t FirefoxTables::frame(FrameId id, FrameId outer, uint32_t depth) {
  const auto [known, added] = frame_numbers_.try_emplace({id.value, outer.value, depth},
                                                         static_cast<uint32_t>(frames_.size()));
  if (added) frames_.push_back({id, outer, depth, function(id), symbol(outer)});
  return known->second;
}

uint32_t FirefoxTables::function(FrameId id) {
  const FrameId of = profile_.function_of(id);
  const auto [known, added] =
      function_numbers_.try_emplace(of.value, static_cast<uint32_t>(functions_.size()));
  if (!added) return known->second;
  const Frame& frame = profile_.frame(of);
  const Frame& with_line = profile_.frame(id);
  FunctionRow row{shared_.text(profile_.strings[frame.name]), kNone, kNone};
  if (frame.dso.valid()) row.resource = resource(frame.dso);
  if (with_line.line.valid()) {
    const std::string_view file = split_line(profile_.strings[with_line.line]).first;
    if (!file.empty()) row.file = shared_.text(file);
  }
  functions_.push_back(row);
  return known->second;
}

uint32_t FirefoxTables::resource(StringId dso) {
  const uint32_t lib = shared_.lib(dso);
  const auto [known, added] =
      resource_numbers_.try_emplace(lib, static_cast<uint32_t>(resources_.size()));
  if (added) resources_.push_back({lib, shared_.text(profile_.strings[dso])});
  return known->second;
}

uint32_t FirefoxTables::symbol(FrameId outer) {
  const FrameId of = profile_.function_of(outer);
  const Frame& frame = profile_.frame(of);
  if (!frame.dso.valid() || !frame.symbol.valid()) return kNone;
  const auto [known, added] =
      symbol_numbers_.try_emplace(of.value, static_cast<uint32_t>(symbols_.size()));
  if (added) {
    symbols_.push_back({of, shared_.lib(frame.dso)});
    shared_.text(profile_.strings[frame.symbol]);
  }
  return known->second;
}

void FirefoxTables::write(Output& out) const {
  out << "\"stackTable\":{";
  write_column(out, "frame", stacks_, [](const StackRow& row) { return or_null(row.frame); });
  out << ",";
  write_column(out, "prefix", stacks_, [](const StackRow& row) { return or_null(row.prefix); });
  out << fmt::format(",\"length\":{}}},\n", stacks_.size());
  write_frames(out);
  write_functions(out);
  out << "\"resourceTable\":{";
  write_column(out, "lib", resources_, [](const ResourceRow& row) { return or_null(row.lib); });
  out << ",";
  write_column(out, "name", resources_, [](const ResourceRow& row) { return or_null(row.name); });
  out << ",";
  write_column(out, "host", resources_, [](const ResourceRow&) { return "null"; });
  out << ",";
  write_column(out, "type", resources_, [](const ResourceRow&) { return "1"; });  // a library
  out << fmt::format(",\"length\":{}}},\n\"nativeSymbols\":{{", resources_.size());
  write_column(out, "libIndex", symbols_, [](const SymbolRow& row) { return or_null(row.lib); });
  out << ",";
  write_column(out, "address", symbols_, [&](const SymbolRow& row) {
    return std::to_string(profile_.frame(row.function).address);
  });
  out << ",";
  write_column(out, "name", symbols_, [&](const SymbolRow& row) {
    return or_null(shared_.text(profile_.strings[profile_.frame(row.function).symbol]));
  });
  out << ",";
  write_column(out, "functionSize", symbols_, [&](const SymbolRow& row) {
    const uint64_t size = profile_.frame(row.function).symbol_size;
    return size == 0 ? std::string("null") : std::to_string(size);
  });
  out << fmt::format(",\"length\":{}}}", symbols_.size());
}

void FirefoxTables::write_frames(Output& out) const {
  out << "\"frameTable\":{";
  write_column(out, "address", frames_, [&](const FrameRow& row) {
    const Frame& frame = profile_.frame(row.outer);
    return frame.dso.valid() ? std::to_string(frame.address) : std::string("-1");
  });
  out << ",";
  write_column(out, "inlineDepth", frames_, [](const FrameRow& row) { return or_null(row.depth); });
  out << ",";
  write_column(out, "category", frames_, [&](const FrameRow& row) {
    return std::to_string(category_of(profile_.frame(row.frame).kind));
  });
  out << ",";
  write_column(out, "subcategory", frames_, [](const FrameRow&) { return "0"; });
  out << ",";
  write_column(out, "func", frames_, [](const FrameRow& row) { return or_null(row.function); });
  out << ",";
  write_column(out, "nativeSymbol", frames_,
               [](const FrameRow& row) { return or_null(row.symbol); });
  out << ",";
  write_column(out, "innerWindowID", frames_, [](const FrameRow&) { return "0"; });
  out << ",";
  write_column(out, "line", frames_, [&](const FrameRow& row) {
    const StringId line = profile_.frame(row.frame).line;
    const uint64_t number = line.valid() ? split_line(profile_.strings[line]).second : 0;
    return number == 0 ? std::string("null") : std::to_string(number);
  });
  out << ",";
  write_column(out, "column", frames_, [](const FrameRow&) { return "null"; });
  out << fmt::format(",\"length\":{}}},\n", frames_.size());
}

void FirefoxTables::write_functions(Output& out) const {
  out << "\"funcTable\":{";
  write_column(out, "name", functions_, [](const FunctionRow& row) { return or_null(row.name); });
  for (const char* flag : {"isJS", "relevantForJS"}) {
    out << ",";
    write_column(out, flag, functions_, [](const FunctionRow&) { return "false"; });
  }
  out << ",";
  write_column(out, "resource", functions_, [](const FunctionRow& row) {
    return row.resource == kNone ? std::string("-1") : std::to_string(row.resource);
  });
  out << ",";
  write_column(out, "fileName", functions_,
               [](const FunctionRow& row) { return or_null(row.file); });
  for (const char* place : {"lineNumber", "columnNumber"}) {
    out << ",";
    write_column(out, place, functions_, [](const FunctionRow&) { return "null"; });
  }
  out << fmt::format(",\"length\":{}}},\n", functions_.size());
}

}  // namespace prof
