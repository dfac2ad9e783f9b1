// Doctor: tries everything that prof can use on this host, for this user. Called by the command
// `prof doctor`. It changes nothing.
#pragma once

#include <string>

#include "doctor/check.h"

namespace prof {

struct Diagnosis {
  std::vector<Check> checks;

  /// Whether recording works at all: with some event, and some way to stacks.
  bool can_record() const;
};

Diagnosis diagnose();

/// Lines of at most 100 columns.
std::string diagnosis_text(const Diagnosis& diagnosis);
/// As prof-doctor(1) describes it.
std::string diagnosis_json(const Diagnosis& diagnosis);

}  // namespace prof
