#include "report/inline_table.h"

#include <algorithm>

namespace prof {

void InlineTable::add(const ResolvedAddress& resolved) {
  if (!resolved.mapping) return;
  const DsoKind kind = recording_.dsos()[resolved.mapping->dso].kind;
  if (kind != DsoKind::File && kind != DsoKind::JitDump) return;
  wanted_[resolved.mapping->dso.value].push_back(resolved.looked_up);
}

void InlineTable::look_up() {
  for (auto& [dso, wanted] : wanted_) {
    auto& addresses = wanted;  // clang 14 captures no structured binding
    std::ranges::sort(addresses);
    addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
    auto& found = found_[dso];
    std::erase_if(addresses, [&](uint64_t address) { return !found.try_emplace(address).second; });
    if (addresses.empty()) continue;
    recording_.symbolizer().source_calls(
        DsoId{dso}, addresses, [&](size_t index, std::span<const SourceCall> calls) {
          found[addresses[index]] = {static_cast<uint32_t>(calls_.size()),
                                     static_cast<uint32_t>(calls.size())};
          calls_.insert(calls_.end(), calls.begin(), calls.end());
        });
  }
  wanted_.clear();
}

std::span<const SourceCall> InlineTable::calls(const ResolvedAddress& resolved) const {
  if (!resolved.mapping) return {};
  const auto dso = found_.find(resolved.mapping->dso.value);
  if (dso == found_.end()) return {};
  const auto place = dso->second.find(resolved.looked_up);
  if (place == dso->second.end()) return {};
  return std::span(calls_).subspan(place->second.begin, place->second.count);
}

}  // namespace prof
