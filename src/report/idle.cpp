#include "report/idle.h"

#include <algorithm>
#include <array>

namespace prof {

namespace {

bool begins_with_one_of(std::string_view name, std::span<const std::string_view> prefixes) {
  return std::ranges::any_of(prefixes,
                             [&](std::string_view prefix) { return name.starts_with(prefix); });
}

/// The idle loop and what it calls to wait (kernel/sched/idle.c, drivers/cpuidle, arch's idle).
bool is_of_idle_loop(std::string_view name) {
  static constexpr std::array<std::string_view, 20> kPrefixes = {
      "do_idle",          "cpu_startup_entry", "cpuidle_",       "call_cpuidle",
      "cpu_idle",         "default_idle",      "arch_cpu_idle",  "pv_native_safe_halt",
      "native_safe_halt", "acpi_idle",         "acpi_safe_halt", "acpi_processor_ffh",
      "intel_idle",       "mwait_idle",        "poll_idle",      "haltpoll",
      "cpu_do_idle",      "psci_enter_idle",   "ct_idle",        "schedule_idle"};
  return begins_with_one_of(name, kPrefixes);
}

/// What takes the idle task's place: interrupts, and functions that other CPUs ask for.
bool is_work(std::string_view name) {
  static constexpr std::array<std::string_view, 14> kPrefixes = {"asm_",
                                                                 "sysvec_",
                                                                 "common_interrupt",
                                                                 "irq_exit",
                                                                 "__irq_exit",
                                                                 "__do_softirq",
                                                                 "handle_softirq",
                                                                 "do_softirq",
                                                                 "el1h_64_irq",
                                                                 "el1_irq",
                                                                 "gic_handle",
                                                                 "exc_nmi",
                                                                 "flush_smp_call_function",
                                                                 "sched_ttwu_pending"};
  return begins_with_one_of(name, kPrefixes);
}

}  // namespace

bool is_idle(const Profile& profile, std::span<const FrameId> frames) {
  bool idle = false;
  for (const FrameId id : frames) {
    const Frame& frame = profile.frame(id);
    if (!frame.symbol.valid()) continue;
    const std::string_view name = profile.strings[frame.symbol];
    if (is_work(name)) return false;
    idle |= is_of_idle_loop(name);
  }
  return idle;
}

}  // namespace prof
