// JitDump: jit-PID.dump, in which a JIT compiler tells what code it made, where, when, from which
// source lines. Read by report/jit_dumps, which knows when and where each was mapped; its names are
// given out by the Symbolizer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/unique_fd.h"
#include "symbolize/symbol_table.h"

namespace prof {

struct JitDumpHeader {
  uint32_t version = 0;
  uint32_t machine = 0;  // EM_*
  uint32_t pid = 0;      // as the process calls itself
  uint64_t time = 0;
  bool arch_timestamp = false;  // times are those of the processor (TSC), not CLOCK_MONOTONIC
};

/// Bytes of the dump.
struct JitBytes {
  uint64_t position = 0;
  uint64_t size = 0;
};

/// A compiled function.
struct JitFunction {
  JitBytes code;  // the position is what the function goes by: no two share it
  uint32_t name = 0;
  uint32_t first_line = 0, lines = 0;
  uint32_t eh_frame = 0, eh_frame_size = 0;  // see JitDump::eh_frame()
};

/// That a function came to an address: when it was loaded, or when it was moved there.
struct JitCode {
  uint64_t address = 0;
  uint64_t time = 0;  // of the header's clock
  uint32_t function = 0;
  uint32_t pid = 0;
};

struct SourceLine {
  std::string_view file;
  uint32_t line = 0;
  uint32_t column = 0;  // what the format calls a discriminator; 0 if unknown
};

/// Addresses in a dump mean different code at different times. Its functions are therefore known by
/// where their code is in the dump, which does not change: a mapping {address, size, position} at
/// the time of each JitCode leads from an address to the position, as it does in any mapped file.
class JitDump {
 public:
  /// What is wrong after the header ends the reading and is told by problem().
  static Result<JitDump> read(const UniqueFd& fd, const std::string& name);
  /// The same of bytes in memory.
  static Result<JitDump> parse(std::span<const std::byte> image, const std::string& name);

  const std::string& path() const { return path_; }
  const JitDumpHeader& header() const { return header_; }
  /// In the order of the file.
  std::span<const JitCode> codes() const { return codes_; }
  std::span<const JitFunction> functions() const { return functions_; }
  std::string_view name(const JitFunction& function) const { return text(function.name); }
  /// The source line of the instruction that holds `position`.
  std::optional<SourceLine> line_of(uint64_t position) const;
  /// The function's call frame information, as in an .eh_frame section; empty if the dump has none.
  /// Where it says the function is has no meaning: it is of one function, wherever that lies.
  std::span<const std::byte> eh_frame(const JitFunction& function) const {
    return std::span(eh_frames_).subspan(function.eh_frame, function.eh_frame_size);
  }
  /// The functions' names by position.
  SymbolTable symbols() const;
  /// A sentence about what could not be read; empty if all could.
  std::string problem() const;

 private:
  friend class JitDumpParser;
  struct Line {
    uint64_t position = 0;
    uint32_t file = 0;  // in names_
    uint32_t line = 0, column = 0;
  };
  std::string_view text(uint32_t offset) const;

  std::string path_;
  JitDumpHeader header_;
  std::vector<JitFunction> functions_;  // by position
  std::vector<JitCode> codes_;
  std::vector<Line> lines_;  // each function's by position
  std::vector<std::byte> eh_frames_;
  // NUL-terminated; shared with the tables made from it.
  std::shared_ptr<const std::vector<char>> names_;
  std::string end_;  // why reading ended before the end of the file
  size_t bad_records_ = 0;
};

}  // namespace prof
