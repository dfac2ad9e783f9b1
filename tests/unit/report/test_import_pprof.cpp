#include <catch2/catch.hpp>

#include "report/folded.h"
#include "report/import_pprof.h"
#include "report/protobuf_reader.h"
#include "report/protobuf_writer.h"
#include "support/profile_text.h"

using namespace prof;

namespace {

/// A profile.proto, written field by field.
class PprofBuilder {
 public:
  uint64_t text(std::string_view text) {
    texts_.emplace_back(text);
    return texts_.size() - 1;
  }
  PprofBuilder& type(std::string_view type, std::string_view unit) {
    ProtobufWriter out;
    out.number(1, text(type));
    out.number(2, text(unit));
    message_.message(1, out);
    return *this;
  }
  PprofBuilder& mapping(uint64_t id, std::string_view file, std::string_view build_id) {
    ProtobufWriter out;
    out.number(1, id);
    out.number(5, text(file));
    out.number(6, text(build_id));
    message_.message(3, out);
    return *this;
  }
  PprofBuilder& function(uint64_t id, std::string_view name, std::string_view file = {}) {
    ProtobufWriter out;
    out.number(1, id);
    out.number(2, text(name));
    if (!file.empty()) out.number(4, text(file));
    message_.message(5, out);
    return *this;
  }
  struct Line {
    uint64_t function, number;
  };
  PprofBuilder& location(uint64_t id, uint64_t mapping, std::initializer_list<Line> lines) {
    ProtobufWriter out;
    out.number(1, id);
    out.number(2, mapping);
    for (const Line& line : lines) {
      ProtobufWriter inner;
      inner.number(1, line.function);
      inner.number(2, line.number);
      out.message(4, inner);
    }
    message_.message(4, out);
    return *this;
  }
  struct Label {
    std::string_view key, text;
    uint64_t number = 0;
  };
  PprofBuilder& sample(std::vector<uint64_t> locations, std::vector<uint64_t> values,
                       std::initializer_list<Label> labels = {}) {
    ProtobufWriter out;
    out.numbers(1, locations);
    out.numbers(2, values);
    for (const Label& label : labels) {
      ProtobufWriter inner;
      inner.number(1, text(label.key));
      if (!label.text.empty()) inner.number(2, text(label.text));
      inner.number(3, label.number);
      out.message(3, inner);
    }
    message_.message(2, out);
    return *this;
  }
  PprofBuilder& default_type(std::string_view type) {
    message_.number(14, text(type));
    return *this;
  }
  std::string bytes() {
    ProtobufWriter all = message_;
    for (const std::string& text : texts_) all.text(6, text);
    return all.bytes();
  }

 private:
  ProtobufWriter message_;
  std::vector<std::string> texts_{""};
};

/// What there is one of everything in.
PprofBuilder sound() {
  PprofBuilder builder;
  builder.type("samples", "count").type("cpu", "nanoseconds");
  builder.mapping(1, "/bin/app", "abcd").mapping(2, "[kernel.kallsyms]", "");
  builder.function(1, "main", "a.c").function(2, "inlined").function(3, "sys_read");
  builder.location(1, 1, {{2, 7}, {1, 12}}).location(2, 2, {{3, 0}}).location(3, 1, {});
  builder.sample({2, 1}, {2, 20}, {{"thread", "worker"}, {"pid", "", 5}, {"tid", "", 6}});
  builder.sample({3, 1}, {1, 10}, {{"thread", "worker"}, {"pid", "", 5}, {"tid", "", 7}});
  return builder;
}

std::string folded(const Profile& profile, FoldedOptions options = {}) {
  return prof::test::written([&](Output& out) { write_folded(profile, options, out); });
}

Profile imported(const std::string& bytes, const LoadOptions& options = {}) {
  auto profile = import_pprof(bytes, "x", options);
  REQUIRE(profile);
  return std::move(*profile);
}

}  // namespace

TEST_CASE("a profile of pprof has its stacks, inlined calls, threads and build ids") {
  const std::string bytes = sound().bytes();
  REQUIRE(looks_like_pprof(bytes));
  LoadOptions options;
  options.with_timeline = true;
  const Profile profile = imported(bytes, options);
  REQUIRE(profile.events.size() == 1);
  CHECK(profile.events[0].name == "cpu");
  CHECK(profile.events[0].unit == "ns");
  CHECK(profile.events[0].samples == 3);
  CHECK(profile.events[0].period == 30);
  CHECK(folded(profile, {.marks = true}) ==
        "worker;main;inlined_[i];[app] 1\nworker;main;inlined_[i];sys_read_[k] 2\n");
  REQUIRE(profile.binaries.size() == 1);
  CHECK(profile.binaries[0].build_id == "abcd");
  CHECK(profile.timeline.threads.size() == 2);
  CHECK_FALSE(profile.timeline.in_order);
  LoadOptions lines;
  lines.with_lines = true;
  const Profile with_lines = imported(bytes, lines);
  const bool found = std::ranges::any_of(with_lines.frames, [&](const Frame& frame) {
    return frame.line.valid() && with_lines.strings[frame.line] == "a.c:12";
  });
  CHECK(found);
}

TEST_CASE("types of values of pprof are events, the default one first") {
  PprofBuilder builder;
  builder.type("alloc_objects", "count").type("alloc_space", "bytes");
  builder.type("inuse_objects", "count").type("inuse_space", "bytes").type("goroutine", "count");
  builder.default_type("inuse_space");
  builder.function(1, "f").location(1, 0, {{1, 0}});
  builder.sample({1}, {4, 4096, 1, 1024, 0});
  const Profile profile = imported(builder.bytes());
  REQUIRE(profile.events.size() == 3);
  CHECK(profile.events[0].name == "inuse_space");
  CHECK(profile.events[0].unit == "bytes");
  CHECK(profile.events[0].period == 1024);
  CHECK(profile.events[1].name == "alloc_space");
  CHECK(profile.events[1].samples == 4);
  CHECK(profile.events[2].name == "goroutine");
  CHECK(profile.events[2].samples == 0);
}

TEST_CASE("what is wrong in a profile of pprof is told with its byte") {
  const auto error_of = [](PprofBuilder& builder) {
    const auto profile = import_pprof(builder.bytes(), "x", {});
    return profile ? std::string("none") : profile.error().message;
  };
  PprofBuilder missing = sound();
  missing.sample({9}, {1, 1});
  CHECK(error_of(missing).find("there is no location 9") != std::string::npos);
  PprofBuilder values = sound();
  values.sample({1}, {1});
  CHECK(error_of(values).find("as many values as types (2) were expected") != std::string::npos);
  PprofBuilder function = sound();
  function.location(4, 1, {{8, 0}});
  CHECK(error_of(function).find("there is no function 8") != std::string::npos);
  PprofBuilder mapping = sound();
  mapping.location(4, 8, {});
  CHECK(error_of(mapping).find("there is no mapping 8") != std::string::npos);
  PprofBuilder twice = sound();
  twice.location(1, 1, {});
  CHECK(error_of(twice).find("there are two locations 1") != std::string::npos);
  PprofBuilder negative = sound();
  negative.sample({1}, {static_cast<uint64_t>(-1), 1});
  const Profile profile = imported(negative.bytes());
  REQUIRE(profile.warnings.size() == 1);
  CHECK(profile.events[0].samples == 3);
}

TEST_CASE("a profile of pprof cut at any byte is read or refused, never more") {
  const std::string whole = sound().bytes();
  for (size_t size = 0; size < whole.size(); ++size) {
    const std::vector<char> exact(whole.begin(), whole.begin() + static_cast<long>(size));
    const std::string_view bytes(exact.data(), exact.size());
    const auto profile = import_pprof(bytes, "x", {});
    if (profile) CHECK(profile->events[0].samples > 0);
    looks_like_pprof(bytes);
  }
  CHECK_FALSE(looks_like_pprof(""));
  CHECK_FALSE(looks_like_pprof("\n\x01;a;b 12\n"));
  CHECK_FALSE(looks_like_pprof("main;work 12\n"));
}

TEST_CASE("fields of Protocol Buffers are read one by one") {
  using std::string_view_literals::operator""sv;
  ProtobufReader reader("\x08\x96\x01\x12\x02hi\x19\1\2\3\4\5\6\7\x08\x25\1\2\3\4"sv);
  REQUIRE(reader.next());
  CHECK(reader.field() == 1);
  CHECK(reader.number() == 150);
  REQUIRE(reader.next());
  CHECK(reader.bytes() == "hi");
  CHECK(reader.position() == 3);
  REQUIRE(reader.next());
  CHECK(reader.field() == 3);
  REQUIRE(reader.next());
  CHECK_FALSE(reader.next());
  CHECK(reader.ok());
  for (const auto bad : {"\x08"sv, "\x12\x05hi"sv, "\x0b"sv, "\x02"sv,
                         "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv}) {
    ProtobufReader damaged(bad);
    CHECK_FALSE(damaged.next());
    CHECK_FALSE(damaged.ok());
  }
}
