#include "report/where.h"

#include <algorithm>
#include <string>

#include "report/where_node.h"

namespace prof {

namespace {

constexpr size_t kMostKnown = size_t{1} << 18;

/// -1, 0, 1: numbers of which either may be negative.
int compare(const FieldNumber& a, const FieldNumber& b) {
  if (a.negative() != b.negative()) return a.negative() ? -1 : 1;
  return a.bits < b.bits ? -1 : a.bits > b.bits;  // two's complement keeps the order of negatives
}

std::string digits_of(const FieldNumber& number) {
  return number.negative() ? std::to_string(static_cast<int64_t>(number.bits))
                           : std::to_string(number.bits);
}

/// A path equals its last part, too: "libc.so.6".
bool equal_text(WhereField field, std::string_view text, std::string_view wanted) {
  if (text == wanted) return true;
  if (field != WhereField::Dso && field != WhereField::StackDso) return false;
  const size_t slash = text.rfind('/');
  return slash != text.npos && text.substr(slash + 1) == wanted;
}

}  // namespace

Where::Where() = default;
Where::Where(Where&&) noexcept = default;
Where& Where::operator=(Where&&) noexcept = default;
Where::~Where() = default;

bool Where::matches(WhereSubject& subject) const {
  return nodes_.empty() || holds(nodes_.size() - 1, subject);
}

bool Where::holds(size_t index, WhereSubject& subject) const {
  const Node& node = nodes_[index];
  switch (node.kind) {
    case Node::Kind::And:
      return holds(node.left, subject) && holds(node.right, subject);
    case Node::Kind::Or:
      return holds(node.left, subject) || holds(node.right, subject);
    case Node::Kind::Not:
      return !holds(node.left, subject);
    default:
      return holds_comparison(node, subject);
  }
}

bool Where::holds_comparison(const Node& node, WhereSubject& subject) const {
  switch (node.field) {
    case WhereField::StackSymbol:
    case WhereField::StackDso: {
      bool any = false;
      subject.for_each_frame(node.field, [&](std::string_view name) {
        any = text_matches(node, name);
        return !any;
      });
      return any != node.negated;
    }
    case WhereField::Trace: {
      const auto value = subject.trace(node.name);
      if (const auto* number = std::get_if<FieldNumber>(&value)) {
        if (node.kind == Node::Kind::Match) {  // an expression is of its digits
          return text_matches(node, digits_of(*number)) != node.negated;
        }
        return number_matches(node, *number) != node.negated;
      }
      const auto* text = std::get_if<std::string_view>(&value);
      const bool ordered =
          node.kind == Node::Kind::Less || node.kind == Node::Kind::LessEqual;  // as texts are not
      return text && !ordered && text_matches(node, *text) != node.negated;
    }
    case WhereField::Comm:
    case WhereField::Event:
    case WhereField::Mode:
    case WhereField::Cgroup:
    case WhereField::Symbol:
    case WhereField::Dso: {
      const auto text = subject.text(node.field);
      return text && text_matches(node, *text) != node.negated;
    }
    default: {
      const auto number = subject.number(node.field);
      return number && number_matches(node, *number) != node.negated;
    }
  }
}

bool Where::text_matches(const Node& node, std::string_view text) const {
  const auto equals = [&](const WhereValue& value) {
    return equal_text(node.field, text, value.text);
  };
  switch (node.kind) {
    case Node::Kind::Equal:
      return equals(node.values.front());
    case Node::Kind::In:
      return std::ranges::any_of(node.values, equals);
    case Node::Kind::Match:
      break;
    default:
      return false;  // texts are not ordered
  }
  if (const auto known = node.known.find(text); known != node.known.end()) return known->second;
  if (node.known.size() >= kMostKnown) node.known.clear();
  std::string copy(text);
  const bool found = node.regex->matches(copy);
  node.known.emplace(std::move(copy), found);
  return found;
}

bool Where::number_matches(const Node& node, const FieldNumber& number) const {
  // Percents are of the time that the recording took.
  const auto resolved = [&](const std::optional<FieldNumber>& value,
                            const std::optional<double>& percent) -> std::optional<FieldNumber> {
    if (!percent) return value;
    return FieldNumber{static_cast<uint64_t>(*percent / 100 * static_cast<double>(duration_))};
  };
  const auto equals = [&](const WhereValue& value) {
    const auto first = resolved(value.number, value.percent);
    const auto last = resolved(value.last, value.last_percent);
    if (!value.has_range) return first && compare(number, *first) == 0;
    return (!first || compare(number, *first) >= 0) && (!last || compare(number, *last) <= 0);
  };
  const WhereValue& value = node.values.front();
  const auto wanted = resolved(value.number, value.percent);
  switch (node.kind) {
    case Node::Kind::Equal:
      return equals(value);
    case Node::Kind::In:
      return std::ranges::any_of(node.values, equals);
    case Node::Kind::Less:
      return wanted && compare(number, *wanted) < 0;
    case Node::Kind::LessEqual:
      return wanted && compare(number, *wanted) <= 0;
    default:
      return false;
  }
}

bool Where::uses(WhereField field) const {
  return std::ranges::any_of(
      nodes_, [&](const Node& node) { return node.kind > Node::Kind::Not && node.field == field; });
}

std::vector<std::string> Where::trace_fields() const {
  std::vector<std::string> names;
  for (const Node& node : nodes_) {
    if (node.kind > Node::Kind::Not && node.field == WhereField::Trace) names.push_back(node.name);
  }
  return names;
}

}  // namespace prof
