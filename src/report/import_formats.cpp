#include "report/import_formats.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "report/import_bcc.h"
#include "report/import_bpftrace.h"
#include "report/import_cpuprofile.h"
#include "report/import_firefox.h"
#include "report/import_folded.h"
#include "report/import_pprof.h"
#include "report/import_script.h"
#include "report/import_speedscope.h"
#include "report/where_text.h"

namespace prof {

namespace {

/// Text does not hold NUL bytes, other than UTF-16, which begins with its byte-order mark.
bool looks_like_text(const ImportInput& input) {
  const std::string_view head = input.content.substr(0, 4096);
  if (head.starts_with("\xff\xfe") || head.starts_with("\xfe\xff")) return true;
  return !head.empty() && head.find('\0') == head.npos;
}

Result<Profile> load_folded(const ImportInput& input, const LoadOptions& options) {
  if (!options.weight_field.empty()) {
    return fail(fmt::format("folded stacks have no field '{}' to weigh by", options.weight_field),
                "there are samples and period", 2);
  }
  FoldedImportOptions how;
  how.refuse_other_text = input.guessed;
  how.order_of_lines = options.order_of_lines && options.input.filter.where.empty();
  how.least_share = options.input.filter.where.empty() ? options.least_share : 0;
  if (input.file) {
    // What was read stays in the page cache, but is no memory of ours.
    how.progress = [file = input.file, dropped = size_t{0}](size_t bytes) mutable {
      file->drop(std::exchange(dropped, bytes), bytes);
    };
  }
  auto profile = import_folded(std::as_bytes(std::span(input.content)), input.name, how);
  if (!profile) return profile;
  if (auto done = keep_where(options.input.filter.where, *profile); !done) {
    return tl::unexpected(std::move(done.error()));
  }
  return profile;
}

template <bool (*looks_like)(std::string_view)>
bool recognizes_text(const ImportInput& input) {
  return looks_like_text(input) && looks_like(input.content);
}

template <bool (*looks_like)(JsonValue)>
bool recognizes_json(const ImportInput& input) {
  return input.json && looks_like(input.json->root());
}

template <auto import>
Result<Profile> load_bytes(const ImportInput& input, const LoadOptions& options) {
  return import(input.content, input.name, options);
}

template <auto import>
Result<Profile> load_json(const ImportInput& input, const LoadOptions& options) {
  return import(input.json->root(), input.name, options);
}

// In the order of guessing: folded text is what is text and nothing else.
constexpr std::array kFormats{
    ImportFormat{"speedscope", "speedscope's file format", true, true, false,
                 recognizes_json<looks_like_speedscope>, load_json<import_speedscope>},
    ImportFormat{"firefox", "the Firefox Profiler's processed format", true, true, true,
                 recognizes_json<looks_like_firefox>, load_json<import_firefox>},
    ImportFormat{"cpuprofile", "V8's CPU profiles, also in Chrome's traces", true, true, true,
                 recognizes_json<looks_like_cpuprofile>, load_json<import_cpuprofile>},
    ImportFormat{"pprof", "pprof's profile.proto", false, true, true,
                 [](const ImportInput& input) { return looks_like_pprof(input.content); },
                 load_bytes<import_pprof>},
    ImportFormat{"bpftrace", "maps of bpftrace with stacks as keys", false, true, false,
                 recognizes_text<looks_like_bpftrace>, load_bytes<import_bpftrace>},
    ImportFormat{"script", "the text of perf script", false, true, true,
                 recognizes_text<looks_like_script>, load_bytes<import_script>},
    ImportFormat{"bcc", "what profile, offcputime and stackcount of bcc print", false, true, false,
                 recognizes_text<looks_like_bcc>, load_bytes<import_bcc>},
    ImportFormat{"folded", "folded stacks, a;b;c 12", false, false, false, looks_like_text,
                 load_folded},
};

Result<void> parse_json(ImportInput& input) {
  auto document = JsonDocument::parse(input.content, input.name);
  if (!document) return tl::unexpected(std::move(document.error()));
  input.json = std::make_unique<JsonDocument>(std::move(*document));
  return {};
}

}  // namespace

std::span<const ImportFormat> import_formats() {
  return kFormats;
}

const ImportFormat* import_format_named(std::string_view name) {
  const auto known = std::ranges::find(kFormats, name, &ImportFormat::name);
  return known == kFormats.end() ? nullptr : &*known;
}

std::string import_format_names() {
  std::string names(kRecordingFormat);
  for (const ImportFormat& format : kFormats) names.append(", ").append(format.name);
  return names;
}

Result<const ImportFormat*> choose_import_format(std::string_view format, ImportInput& input) {
  const ImportFormat* named = nullptr;
  if (!format.empty()) {
    named = import_format_named(format);
    if (!named) {
      return fail(fmt::format("no input format '{}'", format), "there are " + import_format_names(),
                  2);
    }
  }
  input.guessed = named == nullptr;
  const bool is_json = named ? named->is_json : JsonDocument::may_begin(input.content);
  if (is_json) {
    if (auto done = parse_json(input); !done) return tl::unexpected(std::move(done.error()));
  }
  if (named) return named;
  for (const ImportFormat& each : kFormats) {
    if (each.is_json == is_json && each.recognizes(input)) return &each;
  }
  if (is_json) {
    return fail(input.name + ": JSON of a kind that has no stacks prof knows of",
                "read are " + import_format_names(), 2);
  }
  return fail(input.name + ": neither a recording nor stacks of a kind prof knows",
              "read are " + import_format_names(), 2);
}

}  // namespace prof
