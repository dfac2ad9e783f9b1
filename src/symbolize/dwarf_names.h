// The second pass over names: those that were not at hand when their unit was read.
// Called by DwarfSource when all units are done.
#pragma once

#include <memory>
#include <utility>

#include "symbolize/dwarf_answers.h"
#include "symbolize/dwarf_index.h"

namespace prof {

/// A file's sections and units.
struct DwarfFile {
  DwarfFile(std::shared_ptr<const ElfFile> file, uint64_t hold_up_to)
      : sections(std::move(file), DwarfSections::Variant::Main, hold_up_to) {}
  DwarfSections sections;
  DwarfIndex index;
};

/// Names every pending scope that can be named: DIEs of other units in the order of the file, then
/// strings in the order of theirs, so that each compressed section is gone through once. `alt` is
/// dwz's common file, or null.
void resolve_pending_names(DwarfAnswers& answers, DwarfFile& main, DwarfFile* alt);

}  // namespace prof
