#include "record/interrupt_functions.h"

#include <algorithm>

#include "symbolize/kernel_symbols.h"

namespace prof {

namespace {

/// The entries of hardware interrupts, by architecture (arch/x86/include/asm/idtentry.h,
/// arch/arm64/kernel/entry-common.c), and where software interrupts are served (kernel/softirq.c).
bool is_interrupt(std::string_view name) {
  if (name.starts_with("asm_sysvec_") || name.starts_with("sysvec_")) return true;
  constexpr std::string_view kNames[] = {
      "asm_common_interrupt", "common_interrupt", "asm_exc_nmi",     "el1h_64_irq",  "el0t_64_irq",
      "el1_interrupt",        "el0_interrupt",    "handle_softirqs", "__do_softirq",
  };
  return std::ranges::find(kNames, name) != std::end(kNames);
}

}  // namespace

InterruptFunctions::InterruptFunctions(const SymbolTable& kernel) {
  for (uint32_t i = 0; i < kernel.size(); ++i) {
    if (is_interrupt(kernel.name(i))) ranges_.push_back({kernel[i].start, kernel[i].end});
  }
  std::ranges::sort(ranges_, {}, &Range::start);
}

InterruptFunctions InterruptFunctions::of_running_kernel() {
  auto text = read_kallsyms("/proc/kallsyms");
  if (!text) return {};
  return InterruptFunctions(parse_kallsyms(std::move(*text), {}).symbols);
}

bool InterruptFunctions::hold(uint64_t address) const {
  const auto after = std::ranges::upper_bound(ranges_, address, {}, &Range::start);
  return after != ranges_.begin() && address < std::prev(after)->end;
}

}  // namespace prof
