#include "record/event_terms.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "common/parse_number.h"
#include "record/event_spec.h"
#include "record/nearest_names.h"
#include "record/pmu.h"

namespace prof {

namespace {

/// "name=value", or "name" alone.
struct Term {
  std::string_view name, value;
  bool has_value = false;
};

/// Terms at their commas, of which quoted ones do not count.
std::vector<Term> split_terms(std::string_view text) {
  std::vector<Term> terms;
  while (!text.empty()) {
    size_t end = 0;
    for (bool quoted = false; end < text.size() && (quoted || text[end] != ','); ++end) {
      if (text[end] == '\'') quoted = !quoted;
    }
    const auto word = text.substr(0, end);
    const auto equals = word.find('=');
    Term term{word.substr(0, equals), {}, equals != word.npos};
    if (term.has_value) term.value = word.substr(equals + 1);
    terms.push_back(term);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return terms;
}

constexpr std::string_view kConfigs[] = {"config", "config1", "config2", "config3"};
constexpr std::string_view kGeneral[] = {"name",       "period",      "freq",    "call-graph",
                                         "stack-size", "max-stack",   "inherit", "no-inherit",
                                         "aux-output", "no-overwrite"};

class TermReader {
 public:
  TermReader(const Pmu* pmu, EventSpec& spec) : pmu_(pmu), spec_(spec) {
    config_ = {spec.attr.config, spec.attr.config1, spec.attr.config2, spec.config3};
  }

  Result<void> apply(std::string_view text) {
    for (const Term& term : split_terms(text)) {
      if (auto done = apply_term(term); !done) return done;
    }
    for (const std::string& name : needed_) {
      const auto terms = split_terms(text);
      if (std::ranges::find(terms, std::string_view(name), &Term::name) != terms.end()) continue;
      return fail(fmt::format("'{}' needs {}=…", spec_.name, name), {}, 2);
    }
    if (!given_name_.empty()) {
      spec_.name = given_name_;
      spec_.is_named = true;
    }
    if (!pmu_) return {};
    spec_.attr.config = config_[0];
    spec_.attr.config1 = config_[1];
    spec_.attr.config2 = config_[2];
    spec_.config3 = config_[3];
    return {};
  }

 private:
  /// As perf looks them up: the PMU's own terms after those of any event, so that a PMU with a term
  /// "period" can still be given one; its events last.
  Result<void> apply_term(const Term& term) {
    if (auto refused = refusal(term); !refused.empty()) {
      return fail(fmt::format("'{}' of '{}': {}", term.name, spec_.name, refused), {}, 2);
    }
    if (std::ranges::find(kGeneral, term.name) != std::end(kGeneral)) return apply_general(term);
    if (!pmu_) return unknown(term);
    const auto* config = std::ranges::find(kConfigs, term.name);
    if (config != std::end(kConfigs)) {
      const auto number = number_of(term);
      if (!number) return tl::unexpected(number.error());
      config_[static_cast<size_t>(config - std::begin(kConfigs))] = *number;
      return {};
    }
    if (const auto* field = pmu_->field(term.name)) return apply_field(*field, term);
    const auto* alias = term.has_value ? nullptr : pmu_->event(term.name);
    if (alias) return apply_alias(term.name, *alias);
    // A bare r1a8 is the config, as in an event of that name.
    if (!term.has_value && term.name.size() > 1 && term.name.front() == 'r') {
      const auto raw = parse_number("0x" + std::string(term.name.substr(1)));
      if (raw) return config_[0] = *raw, Result<void>{};
    }
    return unknown(term);
  }

  Result<void> apply_field(const PmuField& field, const Term& term) {
    uint64_t value = 1;
    if (term.has_value) {
      const auto number = number_of(term);
      if (!number) return tl::unexpected(number.error());
      value = *number;
    } else if (field.max() > 1) {
      return fail(fmt::format("'{}' of '{}' needs a value", term.name, spec_.name),
                  fmt::format("write it as {}=0x1; the largest is 0x{:x}", term.name, field.max()),
                  2);
    }
    if (value > field.max()) {
      return fail(fmt::format("{}=0x{:x} of '{}' is too large", term.name, value, spec_.name),
                  fmt::format("the largest is 0x{:x}", field.max()), 2);
    }
    put_field(field, value, config_);
    return {};
  }

  /// A name of sysfs for some terms. What "?" stands for has to be given beside the name.
  Result<void> apply_alias(std::string_view name, std::string_view text) {
    for (const Term& term : split_terms(text)) {
      const PmuField* field = pmu_->field(term.name);
      const bool is_config = std::ranges::find(kConfigs, term.name) != std::end(kConfigs);
      if (term.value == "?") {
        needed_.emplace_back(term.name);
        continue;
      }
      // Not a name again: names could go round.
      if (!field && !is_config) {
        return fail(fmt::format("the event '{}' of '{}' has a term '{}' that its PMU does not know",
                                name, pmu_->name, term.name));
      }
      if (auto done = apply_term(term); !done) return done;
    }
    return {};
  }

  Result<void> apply_general(const Term& term) {
    if (term.name == "name") {
      std::string_view name = term.value;
      if (name.size() > 1 && name.front() == '\'' && name.back() == '\'') {
        name = name.substr(1, name.size() - 2);
      }
      if (name.empty()) return needs(term, "a name");
      given_name_ = name;
      return {};
    }
    if (term.name == "call-graph") return apply_call_graph(term);
    if (term.name == "no-overwrite") return {};
    Term numbered = term;
    // Flags may stand alone.
    const bool flag =
        term.name == "inherit" || term.name == "no-inherit" || term.name == "aux-output";
    if (flag && !term.has_value) numbered.value = "1", numbered.has_value = true;
    const auto number = number_of(numbered);
    if (!number) return tl::unexpected(number.error());
    return apply_number(term, *number);
  }

  Result<void> apply_number(const Term& term, uint64_t number) {
    EventTerms& own = spec_.terms;
    if (term.name == "inherit") own.inherit = number != 0;
    if (term.name == "no-inherit") own.inherit = number == 0;
    if (term.name == "aux-output") spec_.attr.aux_output = number != 0;
    if (term.name == "period" || term.name == "freq") {
      if (number == 0) return needs(term, "at least 1");
      const bool other = term.name == "period" ? own.frequency.has_value() : own.period.has_value();
      if (other) return fail(fmt::format("'{}' has a period and a freq", spec_.name), {}, 2);
      (term.name == "period" ? own.period : own.frequency) = number;
    }
    if (term.name == "stack-size") {
      if (number == 0 || number > kMaxStackCopy) {
        return needs(term, fmt::format("1 to {} bytes", kMaxStackCopy));
      }
      own.stack_copy = (number + 7) / 8 * 8;
    }
    if (term.name == "max-stack") {
      if (number == 0 || number > UINT16_MAX) return needs(term, "a number of frames");
      own.max_stack = static_cast<uint16_t>(number);
    }
    return {};
  }

  Result<void> apply_call_graph(const Term& term) {
    CallGraph& method = spec_.terms.call_graph.emplace();
    if (term.value == "no") return method = CallGraph::None, Result<void>{};
    if (term.value == "fp") return method = CallGraph::FramePointers, Result<void>{};
    if (term.value == "dwarf") return method = CallGraph::Dwarf, Result<void>{};
    return needs(term, "fp, dwarf or no");
  }

  /// Why a term that perf knows is not taken here; empty for all others.
  static std::string refusal(const Term& term) {
    if (term.name == "overwrite") return "rings that are overwritten are of flight recorders";
    if (term.name == "percore") return "it is of counting, and a sample is of one CPU";
    if (term.name == "branch_type") return "branches are not recorded of single events";
    if (term.name == "driver-config" || term.name == "aux-sample-size") {
      return "traces of the processor (AUX) are not recorded";
    }
    if (term.name == "time" && term.value != "1" && term.has_value) {
      return "without their time samples cannot be told whose code was where";
    }
    return {};
  }

  Result<uint64_t> number_of(const Term& term) const {
    if (const auto number = parse_number(term.value)) return *number;
    return tl::unexpected(needs(term, "a number, as 10 or 0x0a").error());
  }

  Result<void> needs(const Term& term, std::string_view what) const {
    return fail(
        fmt::format("'{}' of '{}' takes {}, not '{}'", term.name, spec_.name, what, term.value), {},
        2);
  }

  Result<void> unknown(const Term& term) const {
    if (term.name == "time") return {};  // they always have it
    std::vector<std::string> names(std::begin(kGeneral), std::end(kGeneral));
    if (pmu_) {
      names.insert(names.end(), std::begin(kConfigs), std::end(kConfigs));
      for (std::string& each : pmu_->terms()) names.push_back(std::move(each));
    }
    std::string hint = did_you_mean(term.name, names);
    if (hint.empty()) {
      hint = "it takes";
      for (const std::string& each : names) hint += (&each == &names.front() ? " " : ", ") + each;
    }
    const std::string whose = pmu_ ? fmt::format("PMU '{}'", pmu_->name) : "this event";
    return fail(fmt::format("{} has no term or event '{}'", whose, term.name),
                hint + "\n      all events: prof list", 2);
  }

  const Pmu* pmu_;
  EventSpec& spec_;
  PmuConfig config_;
  std::vector<std::string> needed_;
  std::string given_name_;
};

}  // namespace

Result<void> apply_terms(std::string_view terms, const Pmu* pmu, EventSpec& spec) {
  return TermReader(pmu, spec).apply(terms);
}

}  // namespace prof
