// DwarfSource: functions, inlined calls, files and lines of addresses, from DWARF 2 to 5.
// Opened by whoever has found a binary's debug files; asked once, with all addresses of interest.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "common/address.h"
#include "common/result.h"
#include "object/debug_file.h"

namespace prof {

/// One source-level frame of an address. The innermost comes first; the last is the function that
/// exists in the machine code.
struct SourceFrame {
  std::string_view
      name;  // linkage name if there is one (mangled), else the plain one; may be empty
  bool inlined = false;
  std::string_view file;  // full path, the compilation directory joined; empty if not known
  uint32_t line = 0;      // of the innermost, where the address is; of the others, where they call
};

struct DwarfOptions {
  std::string symfs;     // root of the paths that .dwo files are named by
  unsigned threads = 0;  // 0: as many as there are processors, up to 4
  /// Compressed sections larger than this are gone through in windows; 0 for what suits each.
  uint64_t hold_up_to = 0;
};

class DwarfSource {
 public:
  using Visit = std::function<void(size_t index, std::span<const SourceFrame> frames)>;

  static Result<DwarfSource> open(const DebugFiles& files, DwarfOptions options = {});
  DwarfSource(DwarfSource&&) noexcept;
  DwarfSource& operator=(DwarfSource&&) noexcept;
  ~DwarfSource();

  /// Calls `visit` once for each address, in order, on the caller's thread. The span is empty where
  /// DWARF says nothing; a single frame without a name has a line but no function (assembler). The
  /// views last as long as the call. Addresses must be ascending; one call with many is far cheaper
  /// than many calls, since sections are decompressed for each call anew.
  void resolve(std::span<const ElfAddr> ascending, const Visit& visit);
  /// Whether the answers cost so much, and depend on so little, that they should be kept: not those
  /// of a small file, nor where split units were asked for, which may come and go.
  bool worth_keeping() const;

 private:
  struct Impl;
  explicit DwarfSource(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace prof
