#include <catch2/catch.hpp>
#include <initializer_list>

#include "report/idle.h"

using namespace prof;

namespace {

bool idle(std::initializer_list<std::string_view> names) {
  Profile profile;
  std::vector<FrameId> frames;
  for (const std::string_view name : names) {
    Frame frame;
    frame.name = frame.symbol = profile.strings.intern(name);
    frames.push_back(FrameId{static_cast<uint32_t>(profile.frames.size())});
    profile.frames.push_back(frame);
  }
  return is_idle(profile, frames);
}

}  // namespace

TEST_CASE("the idle task is idle where it waits, and at work where it was interrupted") {
  CHECK(idle({"cpu_startup_entry", "do_idle", "default_idle", "pv_native_safe_halt"}));
  CHECK(idle({"cpu_startup_entry", "do_idle", "schedule_idle", "__schedule"}));
  CHECK(idle({"intel_idle_irq"}));
  CHECK_FALSE(idle({"cpu_startup_entry", "do_idle", "default_idle",
                    "asm_sysvec_apic_timer_interrupt", "handle_softirqs"}));
  CHECK_FALSE(idle({"do_idle", "flush_smp_call_function_queue"}));
  CHECK_FALSE(idle({"start_kernel"}));
  CHECK_FALSE(idle({}));
}
