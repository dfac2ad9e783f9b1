#include "symbolize/dwarf_answers.h"

#include <algorithm>

namespace prof {

StringId DwarfAnswers::path_of(const UnitAnswer& answer, uint32_t file) {
  const auto found =
      std::ranges::lower_bound(answer.paths, file, {}, &std::pair<uint32_t, std::string>::first);
  if (found == answer.paths.end() || found->first != file || found->second.empty()) return {};
  return strings_.intern(found->second);
}

/// A scope and those it is inlined into, which come before it in the unit.
uint32_t DwarfAnswers::add_scope(const UnitAnswer& answer, uint32_t scope,
                                 std::vector<uint32_t>& known) {
  // From the innermost out to the first one that is known, then back.
  std::vector<uint32_t> chain;
  for (uint32_t s = scope; s != DwarfScope::kNone && known[s] == DwarfScope::kNone;
       s = answer.scopes.scopes[s].parent) {
    chain.push_back(s);
  }
  std::ranges::reverse(chain);
  for (const uint32_t s : chain) {
    const DwarfScope& from = answer.scopes.scopes[s];
    KnownScope to;
    to.inlined = from.inlined;
    to.call_line = from.call_line;
    if (from.inlined) to.call_file = path_of(answer, from.call_file);
    if (from.parent != DwarfScope::kNone) to.parent = known[from.parent];
    known[s] = static_cast<uint32_t>(scopes_.size());
    scopes_.push_back(to);
    const DwarfName& name = answer.names[s];
    if (name.value.kind == DwarfValue::Kind::Text) {
      set_name(known[s], name.value.text);
    } else if (name.value) {
      pending_.push_back({known[s], name});
    }
  }
  return known[scope];
}

void DwarfAnswers::add(const UnitAnswer& answer) {
  std::vector<uint32_t> known(answer.scopes.scopes.size(), DwarfScope::kNone);
  for (size_t i = 0; i < answer.indices.size(); ++i) {
    Answer& current = answers_[answer.indices[i]];
    const uint32_t scope = answer.scopes.innermost[i];
    const bool has_scope = scope != DwarfScope::kNone;
    const bool has_line = i < answer.rows.size() && answer.rows[i].found;
    const bool had_scope = current.scope != DwarfScope::kNone;
    if (!has_scope && !has_line) continue;
    if (had_scope && !has_scope) continue;
    const bool better = has_scope && !had_scope;
    if (!better && current.unit_offset <= answer.unit_offset) continue;
    if (better) --unanswered_;
    current = {};
    current.unit_offset = answer.unit_offset;
    if (has_scope) current.scope = add_scope(answer, scope, known);
    if (has_line) {
      current.has_line = true;
      current.line = answer.rows[i].line;
      current.file = path_of(answer, answer.rows[i].file);
    }
  }
}

}  // namespace prof
