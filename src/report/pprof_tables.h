// PprofTables: what samples of pprof refer to, texts, functions, mappings and locations, read and
// checked. Used by import_pprof.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/result.h"
#include "report/imported_samples.h"
#include "report/profile.h"

namespace prof {

/// Numbers of the fields of profile.proto.
namespace pprof {
inline constexpr uint32_t kSampleType = 1, kSample = 2, kMapping = 3, kLocation = 4, kFunction = 5,
                          kString = 6, kDefaultSampleType = 14, kLastField = 15;
inline constexpr uint32_t kValueType = 1, kValueUnit = 2;
inline constexpr uint32_t kSampleLocation = 1, kSampleValue = 2, kSampleLabel = 3;
inline constexpr uint32_t kLabelKey = 1, kLabelText = 2, kLabelNumber = 3;
}  // namespace pprof

class PprofTables {
 public:
  struct ValueType {
    std::string_view type, unit;
  };

  /// Reads all but the samples. Frames go to `samples`.
  Result<void> read(std::string_view message, ImportedSamples& samples);

  std::string_view text(uint64_t index) const { return index < texts_.size() ? texts_[index] : ""; }
  const std::vector<ValueType>& types() const { return types_; }
  std::string_view default_type() const { return default_type_; }
  /// The frames of a location, leaf first; null where there is no such location.
  const std::vector<FrameId>* frames_of(uint64_t location) const;

 private:
  struct Part {  // a message within, and where
    std::string_view bytes;
    size_t position;
  };
  struct Function {
    std::string_view name, file;
  };

  Result<void> collect(std::string_view message);
  Result<std::string_view> checked_text(uint64_t index, size_t position) const;
  Result<void> read_type(const Part& part);
  Result<void> read_mapping(const Part& part, ImportedSamples& samples);
  Result<void> read_function(const Part& part);
  Result<void> read_location(const Part& part, ImportedSamples& samples);

  std::vector<std::string_view> texts_;
  std::vector<Part> types_found_, mappings_found_, functions_found_, locations_found_;
  uint64_t default_index_ = 0;
  std::vector<ValueType> types_;
  std::string_view default_type_;
  std::unordered_map<uint64_t, std::string_view> mappings_;  // by id: the file
  std::unordered_map<uint64_t, Function> functions_;
  std::unordered_map<uint64_t, uint32_t> locations_;
  std::vector<std::vector<FrameId>> frames_;  // by location
};

}  // namespace prof
