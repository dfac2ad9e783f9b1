#include "flamegraph/name_attributes.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace prof {

namespace {

constexpr std::array<std::pair<std::string_view, std::string NameAttribute::*>, 9> kNames{{
    {"id", &NameAttribute::id},
    {"class", &NameAttribute::classes},
    {"style", &NameAttribute::style},
    {"title", &NameAttribute::title},
    {"href", &NameAttribute::href},
    {"target", &NameAttribute::target},
    {"onclick", &NameAttribute::on_click},
    {"onmouseover", &NameAttribute::on_mouse_over},
    {"onmouseout", &NameAttribute::on_mouse_out},
}};

std::string NameAttribute::*member_named(std::string_view name) {
  for (const auto& [known, member] : kNames) {
    if (known == name) return member;
  }
  return nullptr;
}

}  // namespace

Result<NameAttributes> NameAttributes::parse(std::string_view text) {
  NameAttributes out;
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line[0] == '#') continue;
    const size_t tab = line.find('\t');
    if (tab == 0 || tab == line.npos) {
      return fail(fmt::format("line {} is not 'function<tab>name=value'", number));
    }
    NameAttribute& attribute = out.attributes_[std::string(line.substr(0, tab))];
    line.remove_prefix(tab + 1);
    while (!line.empty()) {
      const size_t next = line.find('\t');
      const std::string_view pair = line.substr(0, next);
      line.remove_prefix(next == line.npos ? line.size() : next + 1);
      if (pair.empty()) continue;
      const size_t equals = pair.find('=');
      std::string NameAttribute::*const member =
          equals == pair.npos ? nullptr : member_named(pair.substr(0, equals));
      if (member == nullptr) {
        return fail(fmt::format("line {}: no attribute '{}'", number, pair.substr(0, equals)),
                    "there are id, class, style, title, href, target, onclick, onmouseover, "
                    "onmouseout");
      }
      std::string_view value = pair.substr(equals + 1);
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
        value = value.substr(1, value.size() - 2);
      }
      attribute.*member = value;
    }
  }
  return out;
}

const NameAttribute* NameAttributes::of(std::string_view function) const {
  const auto found = attributes_.find(function);
  return found == attributes_.end() ? nullptr : &found->second;
}

}  // namespace prof
