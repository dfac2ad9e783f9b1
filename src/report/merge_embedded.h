// join_embedded: what `prof embed` put into recordings, for the one that they are merged to. Used
// by merge.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "common/result.h"
#include "perfdata/features.h"
#include "perfdata/rebase_record.h"

namespace prof {

/// What a recording has mapped by one name, or by several names that stand for it.
struct MergedFile {
  BuildId build_id;         // empty: unknown
  bool in_mapping = false;  // the build id is told by each mapping, not by the header
  bool in_mmap2 = false;    // mappings have room for one
  bool is_several = false;  // mappings by this name are of several files
  std::string path;         // as mapped: what the name was made of
  uint32_t pid = 0;         // of which it was made, if it is one of generated code
  bool is_generated = false;
  uint64_t start = 0;  // of a kernel module, whose names are by address
};

/// The files by the names that embedded names know them by.
using MergedFiles = std::map<std::string, MergedFile>;

/// Notes what a mapping is of.
void note_file(const MmapRecord& mmap, MergedFiles& files);

struct EmbeddedInput {
  std::string path;
  const Features& features;
  const MergedFiles& files;
  const Rebase& rebase;
};

/// The header feature of the merged recording; empty if no input has one. Names are left out where
/// they could be those of another input's file as well: of files by one name, unless build ids say
/// that they are equal, or all inputs have names, and no address has two. `build_ids`: of the
/// merged recording's header. What is left out is told in `warnings`.
std::vector<std::byte> join_embedded(const std::vector<EmbeddedInput>& inputs,
                                     const std::vector<BuildIdEntry>& build_ids,
                                     std::vector<std::string>& warnings);

}  // namespace prof
