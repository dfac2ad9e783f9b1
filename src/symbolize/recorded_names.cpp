#include "symbolize/recorded_names.h"

namespace prof {

std::string RecordedNames::key_of(std::string_view dso, const BuildId& build_id) {
  return std::string(dso) + '\0' + build_id.hex();
}

void RecordedNames::add(std::string_view dso, const BuildId& build_id, uint64_t address,
                        RecordedName name, std::span<const RecordedCall> calls) {
  name.first_call = static_cast<uint32_t>(calls_.size());
  name.calls = static_cast<uint32_t>(calls.size());
  calls_.insert(calls_.end(), calls.begin(), calls.end());
  names_[key_of(dso, build_id)][address] = name;
}

const RecordedName* RecordedNames::find(const Dso& dso, uint64_t address) const {
  const auto names = names_.find(key_of(dso.name, dso.build_id));
  if (names == names_.end()) return nullptr;
  const auto name = names->second.find(address);
  return name == names->second.end() ? nullptr : &name->second;
}

}  // namespace prof
