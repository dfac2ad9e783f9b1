#include "symbolize/recorded_names.h"

#include <algorithm>

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

void RecordedNames::for_each(const Visit& visit) const {
  std::vector<std::pair<uint64_t, const RecordedName*>> ordered;
  for (const auto& [key, names] : names_) {
    ordered.clear();
    for (const auto& [address, name] : names) ordered.emplace_back(address, &name);
    std::ranges::sort(ordered, {}, [](const auto& each) { return each.first; });
    const std::string_view dso = std::string_view(key).substr(0, key.find('\0'));
    for (const auto& [address, name] : ordered) visit(dso, address, *name);
  }
}

const RecordedName* RecordedNames::find(const Dso& dso, uint64_t address) const {
  const auto names = names_.find(key_of(dso.name, dso.build_id));
  if (names == names_.end()) return nullptr;
  const auto name = names->second.find(address);
  return name == names->second.end() ? nullptr : &name->second;
}

}  // namespace prof
