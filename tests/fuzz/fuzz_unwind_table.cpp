// Any bytes as an ELF file whose code is to be unwound: its table, a walk by it over the same bytes
// as a stack, and the table as it comes out of the disk cache. And the bytes as what lies there.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "unwind/table_cache.h"
#include "unwind/table_unwinder.h"
#include "unwind/unwind_module.h"

namespace {

constexpr uint64_t kStack = 0x7ffc00000000;

class OneModule final : public prof::CodeMap {
 public:
  explicit OneModule(const prof::UnwindModule& module) : module_(module) {}
  std::optional<prof::CodeRange> find(prof::VirtAddr) override {
    return prof::CodeRange{prof::VirtAddr{0}, prof::VirtAddr{UINT64_MAX}, 0, &module_};
  }
  uint64_t version() const override { return 1; }

 private:
  const prof::UnwindModule& module_;
};

void walk(const prof::UnwindModule& module, std::span<const std::byte> stack, uint64_t pc,
          prof::Unwinder& unwinder) {
  prof::UserState state;
  state.machine = module.file().machine();
  state.valid = UINT64_MAX;
  for (size_t i = 0; i < state.registers.size(); ++i) state.registers[i] = kStack + i * 8;
  state.registers[state.machine == EM_X86_64 ? 7 : 31] = kStack;
  state.registers[state.machine == EM_X86_64 ? 16 : 32] = pc;
  state.stack_begin = prof::VirtAddr{kStack};
  state.stack = stack;
  OneModule map(module);
  std::vector<prof::FrameAddress> chain;
  unwinder.unwind(map, state, 50, chain);
  if (chain.size() > 50) __builtin_trap();
}

void check(const prof::UnwindTable& table, const prof::RuleDictionary& rules) {
  // Every row lies in its page, in order, and has a rule.
  for (size_t page = 0; page < table.page_count(); ++page) {
    const auto rows =
        table.rows().subspan(table.pages()[page], table.pages()[page + 1] - table.pages()[page]);
    if (rows.empty() || unwind_row_begin(rows[0]) != 0 ||
        !std::is_sorted(rows.begin(), rows.end(), [](uint32_t a, uint32_t b) {
          return unwind_row_begin(a) < unwind_row_begin(b);
        })) {
      __builtin_trap();
    }
  }
  const size_t known = rules.rules().size();
  for (const uint32_t row : table.rows()) {
    if (unwind_row_rule(row) >= known) __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static prof::RuleDictionary rules;
  const auto bytes = std::as_bytes(std::span(data, size));
  if (const auto kept = prof::decode_unwind_table(bytes, rules)) check(*kept, rules);
  const auto module = prof::UnwindModule::from_image({bytes.begin(), bytes.end()}, "fuzz", rules);
  if (!module) return 0;
  const prof::UnwindTable& table = (*module)->table();
  check(table, rules);
  const auto kept = prof::decode_unwind_table(prof::encode_unwind_table(table, rules), rules);
  if (!kept || !std::ranges::equal(kept->rows(), table.rows()) ||
      !std::ranges::equal(kept->pages(), table.pages())) {
    __builtin_trap();
  }
  prof::TableUnwinder unwinder(rules);
  const size_t step = std::max<size_t>(1, table.rows().size() / 64);
  for (size_t i = 0, page = 0; i < table.rows().size(); i += step) {
    while (table.pages()[page + 1] <= i) ++page;
    const uint64_t pc =
        (table.first_page() + page) * UNWIND_PAGE_SIZE + unwind_row_begin(table.rows()[i]);
    walk(**module, bytes, pc, unwinder);
  }
  return 0;
}
