#include "common/string_table.h"

#include <algorithm>

#include "common/hash.h"

namespace prof {

namespace {
constexpr size_t kChunkSize = size_t{64} << 10;
}

StringTable::StringTable() : slots_(64, 0) {}

StringId StringTable::intern(std::string_view text) {
  const uint64_t hash = hash_string(text);
  size_t slot = hash & (slots_.size() - 1);
  for (; slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1)) {
    const Entry& entry = entries_[slots_[slot] - 1];
    if (entry.hash == hash && entry.text == text) return StringId{slots_[slot] - 1};
  }
  entries_.push_back({store(text), hash});
  slots_[slot] = static_cast<uint32_t>(entries_.size());
  if (entries_.size() * 2 > slots_.size()) grow();
  return StringId{static_cast<uint32_t>(entries_.size() - 1)};
}

std::string_view StringTable::store(std::string_view text) {
  if (chunks_.empty() || chunks_.back().capacity() - chunks_.back().size() < text.size()) {
    chunks_.emplace_back().reserve(std::max(kChunkSize, text.size()));
  }
  std::vector<char>& chunk = chunks_.back();
  const size_t begin = chunk.size();
  chunk.insert(chunk.end(), text.begin(), text.end());
  return {chunk.data() + begin, text.size()};
}

void StringTable::grow() {
  slots_.assign(slots_.size() * 2, 0);
  for (size_t i = 0; i < entries_.size(); ++i) {
    size_t slot = entries_[i].hash & (slots_.size() - 1);
    while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = static_cast<uint32_t>(i + 1);
  }
}

}  // namespace prof
