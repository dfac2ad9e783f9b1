// Any text as what -e takes, by the first byte, or as what --filter does, on a made-up machine.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "record/event_filter.h"
#include "record/event_spec.h"
#include "support/fake_devices.h"

namespace {

struct Machine {
  Machine() {
    devices.put("cpu/type", "4\n");
    devices.put("cpu/format/event", "config:0-7,32-35\n");
    devices.put("cpu/format/inv", "config:23\n");
    devices.put("cpu/format/ldlat", "config1:0-15\n");
    devices.put("cpu/events/mem-loads", "event=0xcd,ldlat=3\n");
    devices.put("cpu/events/loop", "loop,event=?\n");
    devices.put("uncore_imc_0/type", "11\n");
    devices.put("uncore_imc_0/cpumask", "0\n");
    devices.put("uncore_imc_0/format/event", "config:0-63\n");
    devices.put("uprobe/type", "8\n");
    devices.put("uprobe/format/retprobe", "config:0\n");
    devices.put("kprobe/type", "7\n");
    devices.put("kprobe/format/retprobe", "config:0\n");
    devices.put("kallsyms", "ffffffff81000000 T do_exit\nffffffffc0000010 t f\t[ext4]\n");
    devices.put("tracefs/events/sched/sched_switch/id", "17\n");
    devices.put("tracefs/events/sched/sched_wakeup/id", "18\n");
    places = {devices.root + "/tracefs", devices.root, devices.root + "/kallsyms"};
  }
  prof::FakeDevices devices;
  prof::EventPlaces places;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Machine machine;
  constexpr size_t kLongest = 4096;
  if (size == 0 || size > kLongest) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] == 'f') {
    static const std::vector<std::string> fields = {"prev_comm", "prev_pid", "common_pid"};
    const auto done = prof::check_filter(text, fields, "sched:sched_switch");
    if (!done && done.error().exit_code != 2) __builtin_trap();
    return 0;
  }
  const auto events = prof::parse_events(text, machine.places);
  if (!events) return 0;
  if (events->empty()) __builtin_trap();
  for (const prof::EventSpec& event : *events) {
    const auto attr = event.opening(event.attr, event.places() - 1);
    if (event.name.empty() || (event.is_probe() && attr.type < 6)) __builtin_trap();
  }
  return 0;
}
