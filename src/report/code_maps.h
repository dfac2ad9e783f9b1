// CodeMaps: which binary's unwind table holds for which addresses of a recorded process. Used by
// StackWalker.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "report/recording.h"
#include "unwind/rule_dictionary.h"
#include "unwind/unwind_module.h"
#include "unwind/unwinder.h"

namespace prof {

class CodeMaps {
 public:
  explicit CodeMaps(Recording& recording);
  ~CodeMaps();

  /// The map of an address space; `time` is that of any sample in it.
  CodeMap& of(const ThreadState& state, uint64_t time);
  const RuleDictionary& dictionary() const { return dictionary_; }

 private:
  class SpaceMap;

  /// Opened once for each DSO; nullptr for code that has no file.
  const UnwindModule* module_of(DsoId dso);
  std::unique_ptr<const UnwindModule> open(DsoId dso);
  /// Of the code in a jitdump; nullptr if the dump does not say how to unwind it.
  const UnwindModule* generated_module_of(DsoId dso);

  Recording& recording_;
  RuleDictionary dictionary_;
  std::vector<std::unique_ptr<const UnwindModule>> modules_;                     // by DsoId
  std::unordered_map<uint32_t, std::unique_ptr<const UnwindModule>> generated_;  // by DsoId
  std::map<std::pair<uint32_t, uint32_t>, std::unique_ptr<SpaceMap>> spaces_;
  SpaceMap* last_ = nullptr;
};

}  // namespace prof
