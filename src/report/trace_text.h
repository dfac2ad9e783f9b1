// TraceText: the fields of a tracepoint's samples as text, by the print format that the recording
// carries, as perf prints it. Used by script, and by the pipeline for `report --sort trace`.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "perfdata/event_format.h"
#include "perfdata/tracing_data.h"
#include "report/recording.h"

namespace prof {

/// The formats of a recording's tracepoints, by event of the recording; views into its features.
class TracePoints {
 public:
  explicit TracePoints(const Recording& recording);
  TracePoints(std::span<const std::byte> tracing_data, std::span<const EventAttr> events);

  struct Point {
    EventFormat format;
    TracingData::Event source;
  };
  /// nullptr for events that are no tracepoints, or that the recording does not describe.
  const Point* of(size_t event) const;
  /// Those that events of the recording are of, each once.
  std::vector<const Point*> all() const;
  const TracingData& data() const { return data_; }
  bool swapped() const { return data_.swapped; }
  /// What is wrong with the description, if anything.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  TracingData data_;
  std::map<uint64_t, Point> by_id_;
  std::vector<const Point*> by_event_;
  std::vector<std::string> warnings_;
};

class TraceText {
 public:
  /// `recording` names the kernel's functions; without one they stay addresses.
  TraceText(Recording* recording, const TracePoints& points);
  ~TraceText();

  /// Appends the text of a sample's raw data; "[unknown]" where the recording does not say what
  /// fields there are.
  void append(uint32_t cpu, std::span<const std::byte> raw, std::string& out);

 private:
  struct Library;  // of libtraceevent
  struct Event {
    const TracePoints::Point* point = nullptr;
    std::vector<const EventField*> lengths;
    bool parsed = false;  // by the library
  };
  bool is_printable(const Event& event, std::span<const std::byte> raw) const;

  const TracePoints& points_;
  std::map<uint64_t, Event> events_;  // by id
  const EventField* type_ = nullptr;  // common_type, which lies in all events at one place
  std::unique_ptr<Library> library_;
};

}  // namespace prof
