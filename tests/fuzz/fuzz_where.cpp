// The filter language: any text is a condition or an error, and what is a condition can be asked.
#include <cstddef>
#include <cstdint>
#include <string>

#include "report/where.h"

namespace {

/// Has everything, and knows nothing.
class Sample : public prof::WhereSubject {
 public:
  explicit Sample(std::string_view text) : text_(text) {}
  std::optional<std::string_view> text(prof::WhereField) override { return text_; }
  std::optional<prof::FieldNumber> number(prof::WhereField) override {
    return prof::FieldNumber{text_.size()};
  }
  FieldText trace(std::string_view name) override {
    if (name.size() % 2 == 0) return prof::FieldNumber{name.size()};
    return text_;
  }
  void for_each_frame(prof::WhereField,
                      const std::function<bool(std::string_view)>& visit) override {
    if (visit(text_)) visit("main");
  }

 private:
  std::string_view text_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  auto where = prof::Where::parse(text);
  if (!where) return 0;
  where->set_duration(1'000'000'000);
  Sample sample(std::string_view(text).substr(0, 40));
  (void)where->matches(sample);
  (void)where->trace_fields();
  return 0;
}
