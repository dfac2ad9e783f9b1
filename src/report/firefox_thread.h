// FirefoxThread: the tables of one thread of a processed profile, checked as they are read. Used by
// import_firefox.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "report/imported_samples.h"
#include "report/json_document.h"

namespace prof {

class FirefoxThread {
 public:
  /// `number` of the thread in `root`, for messages.
  FirefoxThread(JsonValue root, JsonValue thread, uint32_t number, ImportedSamples& samples);

  std::optional<std::string_view> name() const { return thread_["name"].text(); }
  int32_t pid() const { return id(thread_["pid"]); }
  int32_t tid() const { return id(thread_["tid"]); }
  JsonValue samples() const { return thread_["samples"]; }
  /// The stack of that index, leaf first.
  Result<void> take_stack(uint32_t index, std::vector<FrameId>& leaf_first);
  tl::unexpected<Error> damaged(std::string_view table, uint64_t index,
                                const std::string& what) const;

 private:
  static int32_t id(JsonValue value);
  /// Of the thread, or of all threads together.
  JsonValue table(std::string_view name) const;
  std::optional<std::string_view> text_at(JsonValue index) const;
  Result<FrameId> frame_at(uint32_t index);
  FrameKind kind_of(uint32_t frame, uint32_t function, std::string_view dso) const;
  std::string_view dso_of(uint32_t function) const;
  std::string line_of(uint32_t frame, uint32_t function) const;

  JsonValue root_, thread_;
  const uint32_t number_;
  ImportedSamples& samples_;
  JsonValue texts_, libs_, sources_, categories_;
  JsonValue stack_frames_, stack_prefixes_;
  JsonValue frame_functions_, frame_lines_, frame_depths_, frame_categories_;
  JsonValue function_names_, function_resources_, function_files_, function_sources_;
  JsonValue function_is_js_, resource_libs_;
  std::vector<FrameId> frames_;  // by index; invalid: not asked for yet
};

}  // namespace prof
