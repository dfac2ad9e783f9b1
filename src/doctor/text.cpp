// The text of `prof doctor`.
#include <fmt/format.h>

#include <algorithm>

#include "doctor/doctor.h"

namespace prof {

namespace {

constexpr size_t kWidth = 100;
constexpr size_t kStateWidth = 9;  // "  works  "
constexpr size_t kNameWidth = 31;  // of most names
constexpr size_t kArrow = 3;       // "-> "
constexpr size_t kIndent = kStateWidth + kNameWidth;

/// What host files say may hold anything; a terminal gets printable ASCII.
std::string printable(std::string_view text) {
  std::string clean(text);
  std::ranges::replace_if(
      clean, [](char c) { return c < ' ' || c > '~'; }, '?');
  return clean;
}

/// Appends `text` in words, from column `at` on; further lines begin at kIndent.
void wrap(std::string& out, size_t at, std::string_view text) {
  bool first = true;
  while (!text.empty()) {
    // A word that fits no line is cut.
    const auto word = text.substr(0, std::min(text.find(' '), kWidth - kIndent - kArrow));
    text.remove_prefix(word.size());
    if (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    if (word.empty()) continue;
    if (at > kIndent && at + !first + word.size() > kWidth) {
      while (out.ends_with(' ')) out.pop_back();
      out += '\n' + std::string(kIndent, ' ');
      at = kIndent;
      first = true;
    }
    if (!first) out += ' ', ++at;
    out += word;
    at += word.size();
    first = false;
  }
  out += '\n';
}

/// `before` is the check above, if it is of the same group: what they share is not repeated.
void put_check(std::string& out, const Check& check, const Check* before) {
  const bool told = check.state != CheckState::Fact;
  std::string line =
      fmt::format("  {:<7}{}", told ? state_name(check.state) : "", printable(check.name));
  const bool same = before && told && !check.remedy.empty() && check.remedy == before->remedy;
  const std::string cause =
      same && check.cause == before->cause ? "the same" : printable(check.cause);
  if (!cause.empty()) line.resize(std::max(line.size() + 2, kIndent), ' ');
  out += line;
  wrap(out, line.size(), cause);
  if (check.remedy.empty() || same) return;
  out += std::string(kIndent, ' ') + "-> ";
  wrap(out, kIndent + kArrow, printable(check.remedy));
}

}  // namespace

std::string diagnosis_text(const Diagnosis& diagnosis) {
  std::string out;
  const Check* before = nullptr;
  size_t works = 0;
  size_t partly = 0;
  size_t fails = 0;
  for (const Check& check : diagnosis.checks) {
    if (before && check.group != before->group) {
      out += '\n';
      before = nullptr;
    }
    if (!before) out += check.group + '\n';
    put_check(out, check, before);
    before = &check;
    works += check.state == CheckState::Works;
    partly += check.state == CheckState::Partly;
    fails += check.state == CheckState::Fails;
  }
  out += fmt::format("\n{}: of {} things {} work, {} in part, {} not\n",
                     diagnosis.can_record() ? "recording works" : "recording does not work",
                     works + partly + fails, works, partly, fails);
  return out;
}

}  // namespace prof
