// RecordedNames: names, inlined calls and lines that a recording brings along, for machines that do
// not have its binaries. Filled by report/embedded, asked by the Symbolizer before anything else.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "object/dso.h"

namespace prof {

/// A SourceCall whose names are as linked. The views are the filler's business.
struct RecordedCall {
  std::string_view name;
  std::string_view file;
  uint32_t line = 0;
  bool inlined = false;
};

struct RecordedName {
  std::string_view name;  // as linked; empty if there was none
  uint64_t start = 0, end = 0;
  uint8_t miss = 0;      // MissReason
  bool mangled = false;  // the name wants demangling
  uint32_t first_call = 0, calls = 0;
};

class RecordedNames {
 public:
  /// Of a DSO at an address as Symbolizer::resolve() takes it.
  void add(std::string_view dso, const BuildId& build_id, uint64_t address, RecordedName name,
           std::span<const RecordedCall> calls);

  bool empty() const { return names_.empty(); }
  /// Whether anything of the DSO was recorded: then nothing on this machine is asked.
  bool knows(const Dso& dso) const { return names_.contains(key_of(dso.name, dso.build_id)); }
  /// nullptr if that address was not recorded.
  const RecordedName* find(const Dso& dso, uint64_t address) const;
  /// All of them: by DSO, then by address.
  using Visit = std::function<void(std::string_view dso, uint64_t address, const RecordedName&)>;
  void for_each(const Visit& visit) const;
  std::span<const RecordedCall> calls_of(const RecordedName& name) const {
    return std::span(calls_).subspan(name.first_call, name.calls);
  }

 private:
  static std::string key_of(std::string_view dso, const BuildId& build_id);

  std::map<std::string, std::unordered_map<uint64_t, RecordedName>> names_;
  std::vector<RecordedCall> calls_;
};

}  // namespace prof
