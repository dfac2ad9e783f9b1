#include "record/probe_spec.h"

#include <fmt/core.h>

#include <array>
#include <optional>

#include "common/parse_number.h"
#include "record/tracefs.h"

namespace prof {

namespace {

struct Kind {
  std::string_view prefix;
  bool in_kernel, at_return, is_static;
};
constexpr auto kKinds = std::to_array<Kind>({{"uprobe:", false, false, false},
                                             {"uretprobe:", false, true, false},
                                             {"usdt:", false, false, true},
                                             {"kprobe:", true, false, false},
                                             {"kretprobe:", true, true, false}});

const Kind* kind_of(std::string_view text) {
  for (const Kind& kind : kKinds) {
    if (text.starts_with(kind.prefix)) return &kind;
  }
  return nullptr;
}

bool is_hex(std::string_view text) {
  return text.starts_with("0x");
}

/// "NAME+OFFSET". Names of C++ may hold a plus themselves.
struct Place {
  std::string name;
  uint64_t offset = 0;
  bool has_offset = false;
};

Result<Place> parse_place(std::string_view text, std::string_view whole) {
  Place place;
  const auto plus = text.rfind('+');
  const bool offset =
      plus != text.npos && plus + 1 < text.size() && text[plus + 1] >= '0' && text[plus + 1] <= '9';
  place.name = std::string(offset ? text.substr(0, plus) : text);
  if (!offset) return place;
  const auto number = parse_number(text.substr(plus + 1));
  if (!number || place.name.empty()) {
    return fail(fmt::format("bad offset in '{}'", whole), "write it as +0x1f", 2);
  }
  place.offset = *number;
  place.has_offset = true;
  return place;
}

tl::unexpected<Error> return_with_offset(const Kind& kind) {
  return fail(fmt::format("a function has one end: {} takes no offset",
                          kind.prefix.substr(0, kind.prefix.size() - 1)),
              {}, 2);
}

/// FILE:PLACE at its colon. A file's name may have colons, and so may a function's: the shortest
/// that is a file counts.
struct InFile {
  std::string path;
  std::string_view place;
};

Result<InFile> split_at_file(const Kind& kind, std::string_view text) {
  const auto rest = text.substr(kind.prefix.size());
  InFile found;
  size_t colon = rest.find(':');
  std::string name(rest.substr(0, colon));
  while (colon != rest.npos && (found.path = find_probed_file(name)).empty()) {
    colon = rest.find(':', colon + 1);
    if (colon != rest.npos) name = rest.substr(0, colon);
  }
  if (colon != rest.npos && colon + 1 != rest.size()) {
    found.place = rest.substr(colon + 1);
    return found;
  }
  if (name.empty() || rest.find(':') == rest.npos || !found.path.empty()) {
    return fail(
        fmt::format("'{}' does not say which {}", text, kind.is_static ? "probe" : "function"),
        kind.is_static ? "write it as usdt:/path:provider:name; prof list usdt:/path has them all"
                       : "write it as uprobe:/path:function, uprobe:/path:function+0x10 or "
                         "uprobe:/path:0x1234, an offset in the file",
        2);
  }
  return fail(fmt::format("there is no file '{}' to probe", rest.substr(0, rest.find(':'))),
              "give a path, a program in $PATH, or a library such as libc", 2);
}

Result<std::vector<ProbeSpec>> parse_static(const ProbedFile& file, const InFile& in,
                                            std::string_view text) {
  const auto colon = in.place.find(':');
  const auto name = colon == in.place.npos ? in.place : in.place.substr(colon + 1);
  const auto provider = colon == in.place.npos ? std::string_view() : in.place.substr(0, colon);
  if (name.empty() || (colon != in.place.npos && provider.empty()) || name.find(':') != name.npos) {
    return fail(fmt::format("'{}' is no static probe", text),
                "write it as usdt:/path:provider:name, or usdt:/path:name", 2);
  }
  auto found = file.static_probes(std::string(provider), std::string(name));
  if (!found) return tl::unexpected(found.error());
  std::vector<ProbeSpec> specs;
  const bool glob = is_glob(provider) || is_glob(name);
  for (ProbedFile::StaticProbe& probe : *found) {
    ProbeSpec& spec = specs.emplace_back();
    spec.name = glob ? fmt::format("usdt:{}:{}:{}", in.path, probe.provider, probe.name) : text;
    spec.path = in.path;
    spec.sites = std::move(probe.sites);
    spec.is_of_glob = glob;
  }
  return specs;
}

Result<std::vector<ProbeSpec>> parse_pattern(const ProbedFile& file, const Kind& kind,
                                             const std::string& pattern) {
  auto found = file.matching(pattern);
  if (!found) return tl::unexpected(found.error());
  std::vector<ProbeSpec> specs;
  for (size_t i = 0; i < found->size(); ++i) {
    const auto& [name, offset] = (*found)[i];
    // Functions of one name are told apart by where they are.
    const bool twice = (i > 0 && (*found)[i - 1].name == name) ||
                       (i + 1 < found->size() && (*found)[i + 1].name == name);
    ProbeSpec& spec = specs.emplace_back();
    spec.name = fmt::format("{}{}:{}", kind.prefix, file.path(),
                            twice ? fmt::format("0x{:x}", offset) : name);
    spec.at_return = kind.at_return;
    spec.at_entry = !kind.at_return;
    spec.path = file.path();
    spec.sites = {{offset, 0}};
    spec.is_of_glob = true;
  }
  return specs;
}

Result<std::vector<ProbeSpec>> parse_function(const ProbedFile& file, const Kind& kind,
                                              const InFile& in, std::string_view text) {
  ProbeSpec spec;
  spec.name = text;
  spec.at_return = kind.at_return;
  spec.path = in.path;
  const auto place = parse_place(in.place, text);
  if (!place) return tl::unexpected(place.error());
  uint64_t offset = 0;
  if (is_hex(in.place)) {
    const auto in_file = parse_number(in.place);
    if (!in_file) return fail(fmt::format("bad offset in '{}'", text), "write it as 0x1f", 2);
    offset = *in_file;
  } else {
    if (kind.at_return && place->offset != 0) return return_with_offset(kind);
    const auto begin = file.offset_of(place->name);
    // C++ has operator[] and the like, hence only what is no function is a pattern.
    if (!begin && is_glob(place->name) && !place->has_offset) {
      return parse_pattern(file, kind, place->name);
    }
    if (!begin) return tl::unexpected(begin.error());
    spec.at_entry = !kind.at_return && place->offset == 0;
    offset = place->offset > UINT64_MAX - *begin ? UINT64_MAX : *begin + place->offset;
  }
  if (!file.is_code(offset)) {
    return fail(fmt::format("there is no code at 0x{:x} in '{}'", offset, spec.path),
                "offsets are those of the file: readelf -lW tells where its segments lie", 2);
  }
  spec.sites = {{offset, 0}};
  return std::vector{std::move(spec)};
}

Result<std::vector<ProbeSpec>> parse_in_kernel(const Kind& kind, std::string_view text) {
  const auto place = parse_place(text.substr(kind.prefix.size()), text);
  if (!place) return tl::unexpected(place.error());
  ProbeSpec spec;
  spec.name = text;
  spec.in_kernel = true;
  spec.at_return = kind.at_return;
  const auto address = is_hex(place->name) ? parse_number(place->name) : std::nullopt;
  if (place->name.empty() || is_glob(place->name) || (is_hex(place->name) && !address) ||
      (address && place->has_offset)) {
    return fail(fmt::format("'{}' does not say which function of the kernel", text),
                "write it as kprobe:function, kprobe:function+0x10 or kprobe:0xffffffff81234560",
                2);
  }
  if (kind.at_return && place->offset != 0) return return_with_offset(kind);
  if (!address) spec.path = place->name;
  spec.at_entry = !kind.at_return && place->offset == 0 && !address;
  spec.sites = {{address.value_or(place->offset), 0}};
  return std::vector{std::move(spec)};
}

}  // namespace

bool is_probe(std::string_view text) {
  return kind_of(text) != nullptr;
}

size_t probe_end(std::string_view text) {
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '(' || c == '<') ++depth;
    if ((c == ')' || c == '>') && depth > 0) --depth;
    if (c == ',' && depth == 0) return i;
  }
  // "operator<" has no other half.
  return depth == 0 ? text.size() : std::min(text.find(','), text.size());
}

Result<std::vector<ProbeSpec>> parse_probe(std::string_view text) {
  const Kind* kind = kind_of(text);
  if (!kind) return fail(fmt::format("'{}' is no probe", text), {}, 2);
  if (kind->in_kernel) return parse_in_kernel(*kind, text);
  const auto in = split_at_file(*kind, text);
  if (!in) return tl::unexpected(in.error());
  const auto file = ProbedFile::open(in->path);
  if (!file) return tl::unexpected(file.error());
  if (kind->is_static) return parse_static(*file, *in, text);
  return parse_function(*file, *kind, *in, text);
}

}  // namespace prof
