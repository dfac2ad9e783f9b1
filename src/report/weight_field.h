// WeightField: a number in tracepoint samples that is summed instead of their period, as
// "bytes_alloc". Asked by the pipeline for each sample.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/recording.h"
#include "report/trace_text.h"

namespace prof {

class WeightField {
 public:
  /// No name: samples weigh their period. One that no event has is an error that lists those there
  /// are.
  static Result<WeightField> make(const Recording& recording, const std::string& name);

  explicit operator bool() const { return !name_.empty(); }
  const std::string& name() const { return name_; }
  /// Nothing if the sample has no such number, or a negative one, which no sum can take.
  std::optional<uint64_t> of(const SampleRecord& sample);
  /// What was left out.
  std::vector<std::string> warnings(const Recording& recording) const;

 private:
  struct Event {
    const EventField* field = nullptr;
    uint64_t without = 0, negative = 0;  // samples
  };
  explicit WeightField(const Recording& recording)
      : points_(std::make_unique<TracePoints>(recording)) {}

  std::string name_;
  std::unique_ptr<TracePoints> points_;
  std::vector<Event> by_event_;
};

}  // namespace prof
