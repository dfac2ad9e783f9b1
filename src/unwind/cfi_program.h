// CfiProgram: evaluates the call frame instructions of a CIE and its FDEs into rows of unwind
// rules. Called by the table builder for each function; compared with libdw row by row in tests.
#pragma once

#include <cstdint>
#include <vector>

#include "unwind/cfi_reader.h"
#include "unwind/cfi_section.h"
#include "unwind/cfi_state.h"

namespace prof {

/// From `begin` up to the next row the rule is valid.
struct CfiRow {
  uint64_t begin;
  unwind_rule rule;
};

class CfiProgram {
 public:
  /// Evaluates the CIE's own instructions once, for all its FDEs.
  CfiProgram(const Cie& cie, const CfiRegisters& registers);

  /// Writes the rows of the FDE's addresses to `out`, replacing what was there; there is at least
  /// one, and begins do not decrease. Returns false if the instructions are malformed: from there
  /// on rows say "unsupported".
  bool evaluate(const Fde& fde, const CfiReader& instructions, std::vector<CfiRow>& out) const;

 private:
  Cie cie_;
  CfiRegisters registers_;
  CfiState initial_;
  bool initial_ok_ = false;
};

}  // namespace prof
