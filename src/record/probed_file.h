// ProbedFile: a program or library that probes are put into: its functions and its static probes,
// by where in the file they are. Used by probe_spec.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "object/elf_file.h"

namespace prof {

/// The path of what a user calls `name`: a path, a program in $PATH, or a library by its bare name.
/// Empty if there is none.
std::string find_probed_file(const std::string& name);

class ProbedFile {
 public:
  struct Function {
    std::string name;  // as linked
    uint64_t offset = 0;
  };
  /// Where a static probe was compiled into the code: once, or wherever it was inlined.
  struct Site {
    uint64_t offset = 0;
    uint64_t semaphore = 0;  // offset of the counter of who listens; 0: none
  };
  struct StaticProbe {
    std::string provider, name;
    std::vector<Site> sites;
  };

  static Result<ProbedFile> open(const std::string& path);

  const std::string& path() const { return path_; }
  bool is_code(uint64_t offset) const;

  /// The function of that name: as linked, or as written in C++ with its parameters or without.
  Result<uint64_t> offset_of(const std::string& function) const;
  /// Functions whose names a pattern matches, as linked or as written, in the order of their names;
  /// each but once, whatever names it has. An error if there is none.
  Result<std::vector<Function>> matching(const std::string& pattern) const;
  /// Static probes; either name may be a pattern, and an empty provider is any. An error if there
  /// is none, or if a name without a provider is of several.
  Result<std::vector<StaticProbe>> static_probes(const std::string& provider,
                                                 const std::string& name) const;

 private:
  struct Symbol {
    std::string name;
    uint64_t addr;
    bool global;
    bool indirect;  // of the code that chooses, not of the function
  };

  ProbedFile(std::string path, std::shared_ptr<const ElfFile> file)
      : path_(std::move(path)), file_(std::move(file)) {}
  const std::vector<Symbol>& symbols() const;
  std::vector<uint64_t> offsets_of(std::string_view function) const;
  Error unknown_function(const std::string& function) const;

  std::string path_;
  std::shared_ptr<const ElfFile> file_;
  mutable std::vector<Symbol> symbols_;  // read when they are first asked for
  mutable bool symbols_read_ = false;
};

}  // namespace prof
