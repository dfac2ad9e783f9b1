// A tracepoint made for tests: its format, a recording's description of it, and samples.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/byte_writer.h"

namespace prof::test {

inline constexpr uint32_t kAllocId = 300;

inline constexpr std::string_view kAllocFormat =
    "name: alloc\n"
    "ID: 300\n"
    "format:\n"
    "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
    "\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
    "\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
    "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n"
    "\n"
    "\tfield:size_t bytes_alloc;\toffset:8;\tsize:8;\tsigned:0;\n"
    "\tfield:long ret;\toffset:16;\tsize:8;\tsigned:1;\n"
    "\tfield:char comm[16];\toffset:24;\tsize:16;\tsigned:0;\n"
    "\tfield:__data_loc char[] name;\toffset:40;\tsize:4;\tsigned:0;\n"
    "\n"
    "print fmt: \"bytes_alloc=%zu comm=%s name=%s\", REC->bytes_alloc, REC->comm, "
    "__get_str(name)\n";

/// What a recording says of one tracepoint: feature TRACING_DATA.
inline std::vector<std::byte> describe_tracepoint(std::string_view system,
                                                  std::string_view format) {
  ByteWriter out;
  out.text(std::string_view("\x17\x08\x44tracing", 10)).text(std::string_view("0.6\0", 4));
  out.u8(0).u8(8).u32(4096);
  out.text(std::string_view("header_page\0", 12)).u64(3).text("abc");
  out.text(std::string_view("header_event\0", 13)).u64(0);
  out.u32(0).u32(1).text(system).u8(0).u32(1);
  out.u64(format.size()).text(format);
  const std::string_view strings = "0xffffffff81000000 : \"a string\"\n";
  out.u32(0).u32(static_cast<uint32_t>(strings.size())).text(strings).u64(0);
  return out.take();
}

/// The raw data of a sample of kAllocFormat.
inline std::vector<std::byte> alloc_sample(uint64_t bytes_alloc, int64_t ret, std::string_view comm,
                                           std::string_view name) {
  ByteWriter out;
  out.u16(kAllocId).u8(0).u8(0).u32(7).u64(bytes_alloc).put(ret);
  out.text(comm).zeros(16 - comm.size());
  out.u32(static_cast<uint32_t>(name.size() + 1) << 16 | 44).text(name).u8(0);
  return out.take();
}

}  // namespace prof::test
