#include <catch2/catch.hpp>
#include <cstring>

#include "perfdata/event_format.h"
#include "perfdata/tracing_data.h"
#include "support/tracepoint.h"

using namespace prof;
using namespace prof::test;

namespace {

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

TEST_CASE("a tracepoint's format gives its fields as the kernel declares them") {
  const auto format = parse_event_format(kAllocFormat);
  REQUIRE(format);
  CHECK(format->name == "alloc");
  CHECK(format->id == 300);
  CHECK(format->print.starts_with("\"bytes_alloc=%zu"));
  const EventField* size = format->field("bytes_alloc");
  REQUIRE(size);
  CHECK((size->type == "size_t" && size->offset == 8 && size->size == 8 && !size->is_signed));
  CHECK(size->is_number());
  const EventField* comm = format->field("comm");
  REQUIRE(comm);
  CHECK((comm->is_array && comm->is_string && comm->array_length == 16 && !comm->is_dynamic));
  const EventField* name = format->field("name");
  REQUIRE(name);
  CHECK((name->is_dynamic && name->is_string && !name->is_relative));
  CHECK(format->field("ret")->is_signed);
  CHECK(format->field("ret")->is_long);
  CHECK(format->field("common_type")->is_common);
  CHECK(format->field("nosuch") == nullptr);
}

TEST_CASE("numbers of a sample have the size and sign of their field, in either byte order") {
  const auto format = parse_event_format(kAllocFormat);
  const auto raw = alloc_sample(4096, -2, "demo", "abc");
  CHECK(read_number(*format->field("bytes_alloc"), raw, false)->bits == 4096);
  CHECK(read_number(*format->field("bytes_alloc"), raw, true)->bits == 0x0010000000000000);
  const auto ret = read_number(*format->field("ret"), raw, false);
  CHECK(ret->negative());
  CHECK(static_cast<int64_t>(ret->bits) == -2);
  CHECK_FALSE(read_number(*format->field("comm"), raw, false));
  CHECK_FALSE(read_number(*format->field("ret"), std::span(raw).first(20), false));
}

TEST_CASE("an array lies where the field says, or nowhere") {
  const auto format = parse_event_format(kAllocFormat);
  auto raw = alloc_sample(1, 0, "demo", "abc");
  CHECK(text_of(read_bytes(*format->field("name"), raw, false)) == std::string("abc\0", 4));
  CHECK(text_of(read_bytes(*format->field("comm"), raw, false)).starts_with("demo"));
  const uint32_t far = 0xffff0010;
  std::memcpy(raw.data() + format->field("name")->offset, &far, 4);
  CHECK(read_bytes(*format->field("name"), raw, false).empty());
}

TEST_CASE("a format that is damaged, cut or says of fields that fit no record is none") {
  const std::string whole(kAllocFormat);
  for (size_t size = 0; size < whole.find("print fmt: ") + 11; ++size) {
    CHECK_FALSE(parse_event_format(std::string_view(whole).substr(0, size)));
  }
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = whole;
    text.replace(text.find(from), from.size(), to);
    return parse_event_format(text);
  };
  CHECK(with("offset:8;", "offset:9;"));
  CHECK_FALSE(with("offset:8;", "offset:65533;"));
  CHECK_FALSE(with("size:8;", "size:4294967295;"));
  CHECK_FALSE(with("ID: 300", "ID: -1"));
  CHECK_FALSE(with("\tfield:size_t", "\tfild:size_t"));
}

TEST_CASE("tracing data give the formats of each system, whole and cut at every byte") {
  const auto description = describe_tracepoint("kmem", kAllocFormat);
  const auto data = decode_tracing_data(description);
  REQUIRE(data);
  REQUIRE(data->events.size() == 1);
  CHECK(data->events[0].system == "kmem");
  CHECK(data->events[0].format == kAllocFormat);
  CHECK(data->long_size == 8);
  CHECK_FALSE(data->swapped);
  const size_t formats_end = description.size() - 4 - 4 - data->printk_formats.size() - 8;
  for (size_t size = 0; size < description.size(); ++size) {
    const std::vector<std::byte> cut(description.begin(),
                                     description.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK(decode_tracing_data(cut).has_value() == (size >= formats_end));
  }
  CHECK_FALSE(decode_tracing_data(bytes_of("nonsense")));
}

TEST_CASE("strings of the kernel are listed with their addresses") {
  const auto formats = decode_printk_formats("0xffff : \"one\"\nnonsense\n0x10 : \"t : wo\"\n0x");
  REQUIRE(formats.size() == 2);
  CHECK(formats[0] == std::pair<uint64_t, std::string_view>{0xffff, "\"one\""});
  CHECK(formats[1].second == "\"t : wo\"");
}
