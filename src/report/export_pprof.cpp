#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/gzip.h"
#include "report/export_formats.h"
#include "report/protobuf_writer.h"

namespace prof {

namespace {

/// pprof keeps texts in a table, whose first one is empty.
class Texts {
 public:
  uint64_t of(std::string_view text) {
    const auto [it, added] = numbers_.try_emplace(std::string(text), texts_.size());
    if (added) texts_.push_back(it->first);
    return it->second;
  }
  const std::vector<std::string>& all() const { return texts_; }

 private:
  std::vector<std::string> texts_{""};
  std::unordered_map<std::string, uint64_t> numbers_{{"", 0}};
};

class PprofWriter {
 public:
  PprofWriter(const Profile& profile, const ExportOptions& options, Output& out)
      : profile_(profile),
        options_(options),
        gzip_([&out](std::string_view bytes) { out << bytes; }) {
    for (const ProfileBinary& binary : profile.binaries) {
      build_ids_.emplace(binary.dso.value, binary.build_id);
    }
  }

  Result<void> write() {
    write_value_types();
    if (profile_.timeline.samples.empty()) {
      write_nodes();
    } else {
      write_threads();
    }
    write_mappings();
    write_times();
    for (const std::string& text : texts_.all()) message_.text(6, text);
    flush();
    return gzip_.finish();
  }

 private:
  /// Samples, and what they weigh, if that is more than their number.
  bool has_period() const { return options_.weight == Weight::Period; }

  void flush() {
    gzip_.write(message_.bytes());
    message_.clear();
  }

  void value_type(uint32_t field, std::string_view type, std::string_view unit) {
    ProtobufWriter value;
    value.number(1, texts_.of(type));
    value.number(2, texts_.of(unit));
    message_.message(field, value);
  }

  void write_value_types() {
    value_type(1, "samples", "count");
    if (!has_period()) return;
    const std::string unit = whole_unit_of(profile_, options_);
    const std::string& event = profile_.events[options_.event].name;
    value_type(1, unit == "ns" ? "time" : event, unit == "ns" ? "nanoseconds" : unit);
    message_.number(14, texts_.of(unit == "ns" ? "time" : event));
  }

  /// Each stack of each thread, with all of its samples.
  void write_threads() {
    struct Sums {
      uint64_t samples = 0, period = 0;
    };
    std::map<std::pair<uint32_t, uint32_t>, Sums> stacks;  // by thread and node
    for (const TimelineSample& sample : profile_.timeline.samples) {
      if (sample.event != options_.event) continue;
      Sums& sums = stacks[{sample.thread, sample.node}];
      sums.samples += sample.samples;
      sums.period += sample.period;
    }
    for (const auto& [key, sums] : stacks) {
      write_sample(key.second, sums.samples, sums.period, &profile_.timeline.threads[key.first]);
    }
  }

  void write_nodes() {
    for (uint32_t i = 0; i < profile_.nodes.size(); ++i) {
      const StackNode& node = profile_.nodes[i];
      if (profile_.groups[node.group].event != options_.event) continue;
      if (weight_of(node, options_.weight) == 0) continue;
      write_sample(i, node.self_samples, node.self_period, nullptr);
    }
  }

  void write_sample(uint32_t node, uint64_t samples, uint64_t period,
                    const TimelineThread* thread) {
    // Root first: a call and what was inlined into it are one location.
    path_.clear();
    for (uint32_t at = node; at != UINT32_MAX; at = profile_.nodes[at].parent) path_.push_back(at);
    std::ranges::reverse(path_);
    locations_of_stack_.clear();
    for (size_t i = 0; i < path_.size();) {
      const Frame& frame = profile_.frame(profile_.nodes[path_[i]].frame);
      size_t end = i + 1;
      if (frame.kind == FrameKind::Process && thread) {  // its labels say it
        i = end;
        continue;
      }
      while (end < path_.size() &&
             profile_.frame(profile_.nodes[path_[end]].frame).kind == FrameKind::Inlined) {
        ++end;
      }
      locations_of_stack_.push_back(location(std::span(path_).subspan(i, end - i)));
      i = end;
    }
    std::ranges::reverse(locations_of_stack_);
    ProtobufWriter sample;
    sample.numbers(1, locations_of_stack_);
    const std::array<uint64_t, 2> values{samples, period};
    sample.numbers(2, std::span(values).first(has_period() ? 2 : 1));
    if (thread) {
      if (thread->comm.valid()) {
        sample.message(3, label("thread", texts_.of(profile_.strings[thread->comm]), 0));
      }
      if (thread->pid >= 0) sample.message(3, label("pid", 0, thread->pid));
      if (thread->tid >= 0) sample.message(3, label("tid", 0, thread->tid));
    }
    message_.message(2, sample);
    if (message_.bytes().size() > 65536) flush();
  }

  ProtobufWriter label(std::string_view key, uint64_t text, int64_t number) {
    ProtobufWriter out;
    out.number(1, texts_.of(key));
    out.number(2, text);
    out.number(3, static_cast<uint64_t>(number));
    return out;
  }

  /// `nodes`: a frame, and those that were inlined into it, the innermost last.
  uint64_t location(std::span<const uint32_t> nodes) {
    std::string key;
    for (const uint32_t node : nodes) {
      const uint32_t frame = profile_.nodes[node].frame.value;
      key.append(reinterpret_cast<const char*>(&frame), sizeof frame);
    }
    const auto [it, added] = locations_.try_emplace(std::move(key), locations_.size() + 1);
    if (!added) return it->second;
    const Frame& outer = profile_.frame(profile_.nodes[nodes.front()].frame);
    ProtobufWriter out;
    out.number(1, it->second);
    out.number(2, mapping(outer));
    out.number(3, outer.address);
    for (size_t i = nodes.size(); i-- > 0;) {
      const Frame& frame = profile_.frame(profile_.nodes[nodes[i]].frame);
      ProtobufWriter line;
      line.number(1, function(profile_.nodes[nodes[i]].frame));
      if (frame.line.valid()) line.number(2, split_line(profile_.strings[frame.line]).second);
      out.message(4, line);
    }
    message_.message(4, out);
    return it->second;
  }

  uint64_t function(FrameId id) {
    const FrameId of = profile_.function_of(id);
    const auto [it, added] = functions_.try_emplace(of.value, functions_.size() + 1);
    if (!added) return it->second;
    const Frame& frame = profile_.frame(of);
    const Frame& with_line = profile_.frame(id);
    const std::string_view name =
        profile_.strings[frame.symbol.valid() ? frame.symbol : frame.name];
    ProtobufWriter out;
    out.number(1, it->second);
    out.number(2, texts_.of(name));
    out.number(3, texts_.of(name));
    if (with_line.line.valid()) {
      out.number(4, texts_.of(split_line(profile_.strings[with_line.line]).first));
    }
    message_.message(5, out);
    return it->second;
  }

  struct Mapped {
    uint64_t number = 0;
    uint64_t limit = 0;
    bool has_lines = false, has_names = false;
  };

  uint64_t mapping(const Frame& frame) {
    if (!frame.dso.valid()) return 0;
    Mapped& mapped = mappings_[frame.dso.value];
    if (mapped.number == 0) mapped.number = mappings_.size();
    mapped.limit = std::max(mapped.limit, frame.address + 1);
    mapped.has_names = mapped.has_names || frame.symbol.valid();
    mapped.has_lines = mapped.has_lines || frame.line.valid();
    return mapped.number;
  }

  void write_mappings() {
    for (const auto& [dso, mapped] : mappings_) {
      ProtobufWriter out;
      out.number(1, mapped.number);
      out.number(3, mapped.limit);
      out.number(5, texts_.of(profile_.strings[StringId{dso}]));
      if (const auto id = build_ids_.find(dso); id != build_ids_.end()) {
        out.number(6, texts_.of(id->second));
      }
      out.number(7, mapped.has_names);
      out.number(8, mapped.has_lines);
      out.number(9, mapped.has_lines);
      out.number(10, mapped.has_names);
      message_.message(3, out);
    }
  }

  void write_times() {
    const auto& samples = profile_.timeline.samples;
    if (!samples.empty()) message_.number(10, samples.back().time - samples.front().time);
    message_.number(13, texts_.of("made by prof " PROF_VERSION " of " + options_.name));
  }

  const Profile& profile_;
  const ExportOptions& options_;
  Gzip gzip_;
  ProtobufWriter message_;
  Texts texts_;
  std::unordered_map<uint32_t, std::string> build_ids_;  // by DSO's name
  std::unordered_map<std::string, uint64_t> locations_;  // by the ids of its frames
  std::unordered_map<uint32_t, uint64_t> functions_;     // by frame
  std::map<uint32_t, Mapped> mappings_;                  // by DSO's name
  std::vector<uint32_t> path_;
  std::vector<uint64_t> locations_of_stack_;
};

}  // namespace

Result<void> export_pprof(const Profile& profile, const ExportOptions& options, Output& out) {
  return PprofWriter(profile, options, out).write();
}

}  // namespace prof
