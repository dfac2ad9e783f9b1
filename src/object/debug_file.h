// DebugFileFinder: where the symbols and the DWARF of an ELF file are, if not in the file itself.
// Asked by the symbol sources, once for each DSO.
#pragma once

#include <memory>
#include <string>

#include "common/disk_cache.h"
#include "object/debuginfod.h"
#include "object/elf_file.h"

namespace prof {

struct DebugFileOptions {
  /// Prefix of every path that is looked at: the root of another system. perf's cache is then
  /// SYMFS/.debug, as for perf.
  std::string symfs;
  std::string debug_root = "/usr/lib/debug";
  /// perf's build-id cache; empty for $HOME/.debug.
  std::string perf_cache;
  DebuginfodOptions debuginfod;
  DiskCache cache = {};  // where record keeps binaries; none unless given
};

/// A file that was found, and where.
struct FoundFile {
  std::shared_ptr<const ElfFile> file;
  std::string path;

  explicit operator bool() const { return file != nullptr; }
};

/// What there is for one binary. `symbols` and `dwarf` may be the binary itself, or one file.
struct DebugFiles {
  FoundFile symbols;  // has a .symtab
  FoundFile dwarf;    // has .debug_info
  FoundFile frames;   // has .debug_frame; only if asked for
  FoundFile alt;      // what `dwarf` shares with others: the target of its .gnu_debugaltlink
  std::shared_ptr<const ElfFile> mini;  // .gnu_debugdata, only where there is no other .symtab
  std::string binary_path;              // FILE.dwp is looked for beside it
};

enum class DebugNeed : uint8_t {
  Symbols,  // `symbols`, or else `mini`
  All,      // `dwarf` and `alt` too
  Frames,   // `frames` alone
};

/// The order: the file itself if it has DWARF; .gnu_debuglink beside the file, in .debug/ below it,
/// and below /usr/lib/debug; /usr/lib/debug/.build-id; perf's cache; the file's own .symtab, or the
/// xz table in it; debuginfod.
/// A file with another build id is never taken; one without an id only for its right CRC.
class DebugFileFinder {
 public:
  explicit DebugFileFinder(DebugFileOptions options);
  ~DebugFileFinder();
  DebugFileFinder(DebugFileFinder&&) noexcept;

  /// `path` is what `file` was opened from, symfs included.
  DebugFiles find(const std::shared_ptr<const ElfFile>& file, const std::string& path,
                  DebugNeed need);
  /// The binary of that build id from perf's cache, record's copies or debuginfod, for when it is
  /// not at its path.
  FoundFile find_binary(const BuildId& id, const std::string& path);

 private:
  class Search;
  std::string cache_entry(const BuildId& id) const;

  DebugFileOptions options_;
  std::unique_ptr<Debuginfod> debuginfod_;
};

/// Whether ordinary DWARF is in there.
bool has_dwarf(const ElfFile& file);

}  // namespace prof
