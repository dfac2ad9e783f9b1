// WhereFilter: `--where` over the samples of a recording. Asked for each sample by the pipeline and
// script, before they count or show it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "report/recording.h"
#include "report/trace_text.h"
#include "report/where.h"

namespace prof {

class WhereFilter : private WhereSubject {
 public:
  /// A field that no event of the recording has is an error that says which there are.
  static Result<std::unique_ptr<WhereFilter>> make(const std::string& text, Recording& recording);

  /// Whether chain() has to be asked for what takes() is given.
  bool uses_stack() const { return where_.uses_stack(); }
  /// `comm` and `state` are those of the sample's thread; `chain` as for_each_address() takes it.
  bool takes(const SampleRecord& sample, std::string_view comm, const ThreadState& state,
             const U64View& chain);

 private:
  WhereFilter(Where where, Recording& recording);
  std::optional<std::string_view> text(WhereField field) override;
  std::optional<FieldNumber> number(WhereField field) override;
  FieldText trace(std::string_view name) override;
  void for_each_frame(WhereField field,
                      const std::function<bool(std::string_view)>& visit) override;

  struct Names {
    std::string_view symbol, dso;  // empty: unknown
  };
  const Names& names_of(CpuMode mode, FrameAddress address);

  Where where_;
  Recording& recording_;
  std::unique_ptr<TracePoints> points_;  // if it asks for their fields

  // The sample at hand.
  const SampleRecord* sample_ = nullptr;
  std::string_view comm_;
  const ThreadState* state_ = nullptr;
  const U64View* chain_ = nullptr;

  struct Place {
    uint64_t address = 0;
    uint32_t process = 0, version = 0;
    CpuMode mode = CpuMode::Unknown;
    AddrKind kind = AddrKind::InstructionPointer;
    bool operator==(const Place&) const = default;
  };
  struct PlaceHash {
    size_t operator()(const Place& place) const;
  };
  std::unordered_map<Place, Names, PlaceHash> known_;
  ThreadState kernel_;  // what its mappings are at the time of the sample before
};

}  // namespace prof
