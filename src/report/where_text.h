// TextSubject: a sample of an input that is text, for `--where`. Filled by the imports.
#pragma once

#include <span>
#include <string_view>

#include "report/profile.h"
#include "report/where.h"

namespace prof {

class TextSubject : public WhereSubject {
 public:
  struct Sample {
    std::string_view comm, event;
    std::optional<int32_t> pid, tid, cpu;
    std::optional<uint64_t> time, period;
    uint64_t first_time = 0;         // of the input
    std::span<const FrameId> stack;  // leaf first
  };
  explicit TextSubject(const Profile& profile) : profile_(profile) {}
  void set(const Sample& sample) { sample_ = sample; }

  std::optional<std::string_view> text(WhereField field) override;
  std::optional<FieldNumber> number(WhereField field) override;
  FieldText trace(std::string_view) override { return {}; }
  void for_each_frame(WhereField field,
                      const std::function<bool(std::string_view)>& visit) override;

 private:
  std::string_view symbol_of(FrameId id) const;
  std::string_view dso_of(FrameId id) const;

  const Profile& profile_;
  Sample sample_;
};

/// An error where `where` asks for what an input of this kind ("folded stacks") does not have.
Result<void> check_where_of_text(const Where& where, std::string_view kind,
                                 std::span<const WhereField> known);

/// Leaves of folded stacks those for which the condition holds; their first frame is the command.
Result<void> keep_where(const std::string& condition, Profile& profile);

}  // namespace prof
