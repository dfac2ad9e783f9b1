// What options of report do to a profile before rows are made of it: hiding, moving and marking its
// stacks. Called by report.cpp.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "report/profile.h"

namespace prof {

/// perf's --dsos and --symbols: samples taken elsewhere are not shown, but stay in the total. An
/// empty list leaves all.
void hide_other_leaves(const std::vector<std::string>& dsos,
                       const std::vector<std::string>& symbols, Profile& profile);

/// perf's --hide-unresolved: samples in functions without a name count nowhere.
void drop_unresolved(Profile& profile);

/// perf's --ignore-callees: what a function that matches calls is counted as its own.
Result<void> ignore_callees(const std::string& pattern, Profile& profile);

/// perf's --parent: keeps samples apart by the innermost function of their stack that matches, in
/// Group::parent. With `exclude_other` those without are not shown, but stay in the total.
Result<void> mark_parents(const std::string& pattern, bool exclude_other, Profile& profile);

/// Instead of their lines frames have the file of it, so that a file is one row.
void keep_files_only(Profile& profile);

/// Where stacks begin, for who only wants what some functions called; see begin_stacks().
struct StackBegin {
  std::vector<std::string> base;        // inferno's --base: nothing is left below the function
  std::vector<std::string> skip_after;  // inferno's --skip-after: the root, as the command, stays
  bool empty() const { return base.empty() && skip_after.empty(); }
};

/// Drops the callers of the innermost frame of each stack that has one of the names. Stacks without
/// one stay whole.
void begin_stacks(const StackBegin& begin, Profile& profile);

/// Turns each stack: its leaf is its root, and stands for its group. What begins with a function is
/// who called it.
void reverse_stacks(Profile& profile);

/// Folded text does not say whether a stack begins with a command: in a table, its first frame is a
/// frame like the others, below one root for all.
void put_under_one_root(Profile& profile);

}  // namespace prof
