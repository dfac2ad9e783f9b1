// Tally: what passed through a recording: samples, losses, times, build ids. Fed by the writing
// thread, read by the recorder at the end.
#pragma once

#include <linux/perf_event.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "common/build_id.h"
#include "perfdata/features.h"

namespace prof {

class FileKeeper;

class Tally {
 public:
  /// `attr` is of any of the recording's events: their samples begin alike.
  /// `keeper`, if there is one, is told of each file that is mapped to run code.
  explicit Tally(const perf_event_attr& attr, FileKeeper* keeper = nullptr);

  /// Takes note of whole records.
  void observe(std::span<const std::byte> records);

  uint64_t samples() const { return samples_; }
  uint64_t lost() const { return lost_; }            // records, as LOST told
  uint64_t throttled() const { return throttled_; }  // times the kernel paused an event
  /// First and last sample time in ns; {0, 0} without samples.
  std::pair<uint64_t, uint64_t> sample_time() const;
  /// Of every file that was mapped to run code, in the order of their names.
  std::vector<BuildIdEntry> build_ids() const;
  /// Reads the build ids that the kernel did not put into its records, from the files themselves.
  void read_missing_build_ids();

 private:
  void observe_mapping(const perf_event_header& header, std::span<const std::byte> payload);

  struct NamedBuildId {
    BuildId id;
    uint16_t misc;
  };
  FileKeeper* keeper_;
  size_t time_offset_;  // in a sample's payload
  uint64_t samples_ = 0;
  uint64_t lost_ = 0;
  uint64_t throttled_ = 0;
  uint64_t first_time_ = UINT64_MAX;
  uint64_t last_time_ = 0;
  std::map<std::string, NamedBuildId, std::less<>> build_ids_;
  std::set<std::string, std::less<>> unidentified_;
};

}  // namespace prof
