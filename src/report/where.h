// Where: the filter language of `--where`: which samples an output is about. Parsed once, asked for
// each sample by the pipeline, script and the imports of text. The language is described in
// docs/man/prof-where.7.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/result.h"
#include "perfdata/event_format.h"

namespace prof {

enum class WhereField : uint8_t {
  Comm,
  Pid,
  Tid,
  Cpu,
  Event,
  Time,   // ns since the recording's first sample
  Clock,  // ns of the recording's clock
  Period,
  Weight,
  Address,
  PhysicalAddress,
  Ip,
  Mode,  // "kernel", "user", "guest"…
  Cgroup,
  Symbol,       // of the sampled function
  Dso,          // where it is: the path, or the last part of it
  StackSymbol,  // of any function of the call chain, the sampled one included
  StackDso,
  StackDepth,
  Trace,  // a field of a tracepoint, by name
};

/// A sample as a filter sees it. What it does not have is nothing, and no comparison with it holds.
class WhereSubject {
 public:
  virtual ~WhereSubject() = default;
  virtual std::optional<std::string_view> text(WhereField field) = 0;
  virtual std::optional<FieldNumber> number(WhereField field) = 0;
  using FieldText = std::variant<std::monostate, FieldNumber, std::string_view>;
  virtual FieldText trace(std::string_view name) = 0;
  /// The names of the chain's frames, or their DSOs, until `visit` gives false.
  virtual void for_each_frame(WhereField field,
                              const std::function<bool(std::string_view)>& visit) = 0;
};

class Where {
 public:
  Where();
  Where(Where&&) noexcept;
  Where& operator=(Where&&) noexcept;
  ~Where();

  /// An error tells what is wrong at which column, with exit code 2.
  static Result<Where> parse(std::string_view text);
  bool matches(WhereSubject& subject) const;
  /// Whether the answer depends on this.
  bool uses(WhereField field) const;
  bool uses_stack() const {
    return uses(WhereField::StackSymbol) || uses(WhereField::StackDso) ||
           uses(WhereField::StackDepth);
  }
  /// Parts of the time that are relative to the recording: its first and last times are needed.
  bool uses_first_time() const { return uses(WhereField::Time); }
  /// The names of tracepoint fields that it asks for.
  std::vector<std::string> trace_fields() const;
  /// For times given in percents, which are of this span (ns).
  void set_duration(uint64_t duration) { duration_ = duration; }

  struct Node;

 private:
  bool holds(size_t node, WhereSubject& subject) const;
  bool holds_comparison(const Node& node, WhereSubject& subject) const;
  bool text_matches(const Node& node, std::string_view text) const;
  bool number_matches(const Node& node, const FieldNumber& number) const;

  std::vector<Node> nodes_;  // the last is the whole
  uint64_t duration_ = 0;
};

}  // namespace prof
