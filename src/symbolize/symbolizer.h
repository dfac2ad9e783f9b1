// Symbolizer: names for addresses, each DSO opened once. Asked in pass two, per distinct address.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/disk_cache.h"
#include "common/result.h"
#include "common/string_table.h"
#include "object/debug_file.h"
#include "object/debuginfod.h"
#include "object/dso.h"
#include "symbolize/recorded_names.h"

namespace prof {

enum class MissReason : uint8_t {
  None,
  Unmapped,         // no mapping holds the address
  NoDso,            // the mapping names no code source
  FileMissing,      // the file is not on this machine, or is no ELF file
  BuildIdMismatch,  // the file was replaced since the recording
  NoSymbols,        // the file has none, or they may not be read (kptr_restrict)
  NotFound,         // symbols are there, but none covers the address
};
inline constexpr size_t kMissReasons = 7;

enum class Demangle : uint8_t { None, Names, Full };  // Names: without parameters, as perf

/// A name for an address. `start` and `end` are in the address space the query was in.
struct Symbol {
  StringId name;  // demangled as asked; invalid if there is none
  uint64_t start = 0;
  uint64_t end = 0;
  bool data = false;  // a variable; unknown of names that the recording brings along
  MissReason miss = MissReason::None;

  bool found() const { return miss == MissReason::None; }
};

/// A function of the source that an address is in. Of several the innermost comes first; the last
/// is the one that exists in the machine code.
struct SourceCall {
  StringId name;  // as asked for by `demangle`; invalid if DWARF has none
  bool inlined = false;
  StringId file;      // full path; invalid if not known
  uint32_t line = 0;  // of the innermost, where the address is; of the others, where they call
};

/// Where the kernel was when the recording was made, so that a kallsyms of another boot is told
/// from the right one: the address of _text (or _stext) as recorded, 0 if unknown.
struct KernelInfo {
  std::string reference_symbol;  // "_text", "_stext"
  uint64_t reference_address = 0;
  BuildId build_id;
  std::string release = {};  // "6.1.0-18-amd64"; may be empty
  /// Why this machine is not the recorded one, as a sentence: its kernel, vdso and perf maps then
  /// name nothing. Empty if it may be.
  std::string foreign = {};
  uint16_t machine = 0;  // ELF's number of the recorded one; 0 if unknown
};

/// A symbol that the recording itself carries (KSYMBOL: BPF programs, trampolines; simpleperf's
/// files).
struct RecordedSymbol {
  uint64_t start = 0;
  uint64_t length = 0;
  std::string name;
};

struct SymbolizerOptions {
  Demangle demangle = Demangle::Names;
  bool short_names = false;  // without template arguments: short_name.h
  std::string kallsyms_path = "/proc/kallsyms";
  std::string vmlinux_path;                   // ELF kernel image to use instead
  std::string symfs;                          // prefix for every path of a File DSO
  std::string debug_root = "/usr/lib/debug";  // where debug packages install to
  std::string perf_cache;                     // perf's build-id cache; empty for $HOME/.debug
  DebuginfodOptions debuginfod;
  bool ignore_embedded = false;  // look everything up on this machine
  bool any_owner = false;        // believe perf maps and jitdumps whosever they are
  int64_t recorded_until = 0;    // seconds since 1970; 0: unknown
  DiskCache cache;               // of what is expensive to make; none unless given
};

class CodeImage;
class JitDump;

class Symbolizer {
 public:
  /// `dsos` and `strings` outlive the symbolizer; names are interned in `strings`.
  Symbolizer(const DsoTable& dsos, StringTable& strings, SymbolizerOptions options);
  ~Symbolizer();
  Symbolizer(Symbolizer&&) noexcept;

  void set_kernel(const KernelInfo& kernel);
  void add_kernel_symbol(RecordedSymbol symbol);
  /// Names that the recording brings along: asked first, and instead of a DSO's own file where they
  /// know the DSO. They outlive the symbolizer.
  void set_recorded_names(const RecordedNames* names);
  /// Symbols of a DSO that the recording brings along, by address as resolve() takes it: asked
  /// before the DSO's own file, which then names what they do not.
  void add_recorded_table(DsoId dso, std::vector<RecordedSymbol> symbols);
  /// The text of the recorded machine's /proc/kallsyms, which is asked instead of this one's.
  void set_recorded_kallsyms(std::vector<char> text);
  /// Where a module was loaded.
  void add_module(DsoId dso, uint64_t start);

  /// What names the addresses of a JitDump, which are positions in it.
  void add_jitdump(DsoId dso, std::shared_ptr<const JitDump> dump);
  /// nullptr if none was added.
  std::shared_ptr<const JitDump> jitdump_of(DsoId dso) const;

  /// The symbol that covers `address` of `dso`. The address is what Mapping::to_dso() gives: a file
  /// offset for files, the address itself for the kernel and for JIT code. Not cached here beyond
  /// what the sources keep: callers ask once per distinct address.
  Symbol resolve(DsoId dso, uint64_t address);

  using VisitCalls = std::function<void(size_t index, std::span<const SourceCall> calls)>;
  /// Inlined calls and lines by DWARF, for files, and lines of jitdumps: calls `visit` for each of
  /// the addresses (as resolve() takes them, ascending) that there is something to say of. One call
  /// with all addresses of interest is far cheaper than many.
  void source_calls(DsoId dso, std::span<const uint64_t> ascending, const VisitCalls& visit);
  /// False if source_calls() has nothing to say of any DSO. Downloads nothing to find out.
  bool may_have_dwarf();
  /// The binary of a DSO as it was recorded, wherever that is now; nothing if there is none.
  FoundFile binary_of(DsoId dso);
  /// The file with the .debug_frame of what binary_of() gave; nothing if there is none.
  FoundFile debug_frames_of(const FoundFile& binary);

  /// The bytes of a DSO's code, as recorded; nullptr if they are not to be had.
  std::shared_ptr<const CodeImage> code_of(DsoId dso);

  /// One sentence for every DSO that was asked for and has no usable symbols, most asked first.
  /// "libfoo.so was replaced since the recording (build id 12… is now 34…)".
  std::vector<std::string> warnings() const;

 private:
  void recorded_calls(DsoId dso, std::span<const uint64_t> addresses, const VisitCalls& visit);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace prof
