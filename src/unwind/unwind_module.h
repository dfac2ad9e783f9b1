// UnwindModule: a binary with its unwind table, made once for each DSO. Handed to the unwinders by
// a CodeMap's ranges.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/disk_cache.h"
#include "common/result.h"
#include "object/elf_file.h"
#include "unwind/cfi_section.h"
#include "unwind/generated_table.h"
#include "unwind/rule_dictionary.h"
#include "unwind/table_builder.h"
#include "unwind/unwind_table.h"

namespace prof {

/// Constant once made, so that several threads may walk by it.
class UnwindModule {
 public:
  /// The table is taken from `cache`, or made and, where that took long, kept there. Fails if the
  /// file is of a machine without unwinding or has no code. The table refers to `dictionary`, which
  /// must outlive the module. `debug_file` is asked as build_unwind_table() has it.
  static Result<std::unique_ptr<const UnwindModule>> of(std::shared_ptr<const ElfFile> file,
                                                        const std::string& name,
                                                        RuleDictionary& dictionary,
                                                        const DiskCache& cache = {},
                                                        const FindDebugFile& debug_file = {});
  /// Fails, too, if the file cannot be read or is no ELF file.
  static Result<std::unique_ptr<const UnwindModule>> open(const std::string& path,
                                                          RuleDictionary& dictionary);
  /// Of a file that is in memory only, as the vdso's image.
  static Result<std::unique_ptr<const UnwindModule>> from_image(std::vector<std::byte> image,
                                                                const std::string& name,
                                                                RuleDictionary& dictionary);

  /// Of generated code: see build_generated_table(). file() is empty.
  static Result<std::unique_ptr<const UnwindModule>> of_generated(
      uint16_t machine, std::span<const GeneratedFunction> functions, const std::string& name,
      RuleDictionary& dictionary);

  /// Of a file that is known but cannot be had: walks stop there for want of unwind information.
  static std::unique_ptr<const UnwindModule> missing(const std::string& name);

  const ElfFile& file() const { return *file_; }
  const UnwindTable& table() const { return table_; }
  const std::string& name() const { return name_; }

  /// The .eh_frame entries, read when first asked for; nullptr if there are none.
  const CfiSection* eh_frame() const;

 private:
  UnwindModule(std::shared_ptr<const ElfFile> file, std::string name, UnwindTable table);

  std::vector<std::byte> image_;  // of from_image(); file_ has views of it
  std::shared_ptr<const ElfFile> file_;
  std::string name_;
  UnwindTable table_;
  mutable std::once_flag eh_frame_read_;
  mutable std::optional<CfiSection> eh_frame_;
};

}  // namespace prof
