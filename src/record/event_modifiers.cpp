#include "record/event_modifiers.h"

#include <fmt/core.h>

#include <algorithm>

#include "record/event_spec.h"

namespace prof {

namespace {

constexpr std::string_view kLetters = "ukhGHIpPSDeWb";

/// Which rings and machines a list of modifiers leaves in.
class Modifiers {
 public:
  Modifiers(EventSpec& spec, bool leads) : spec_(spec), leads_(leads) {
    // Those of a group are applied after those of the event.
    privilege_given_ = attr().exclude_user || attr().exclude_kernel || attr().exclude_hv;
    machine_given_ = spec.machine_given;
  }

  Result<void> apply(char letter) {
    switch (letter) {
      case 'u':
      case 'k':
      case 'h':
        apply_privilege(letter);
        return {};
      case 'G':
      case 'H':
        if (!machine_given_) attr().exclude_guest = attr().exclude_host = 1;
        machine_given_ = spec_.machine_given = true;
        if (letter == 'G') attr().exclude_guest = 0;
        if (letter == 'H') attr().exclude_host = 0;
        return {};
      case 'I':
        attr().exclude_idle = 1;
        return {};
      case 'p':
        if (!machine_given_) attr().exclude_guest = 1;  // precise counting is for hosts only
        if (attr().precise_ip == 3) {
          return fail(fmt::format("'{}' has more than three p, with its group's", spec_.name), {},
                      2);
        }
        attr().precise_ip = (attr().precise_ip + 1) & 3;
        return {};
      case 'P':
        spec_.precise_is_max = true;
        return {};
      case 'S':
        spec_.reads_group = true;
        return {};
      default:
        return apply_rare(letter);
    }
  }

 private:
  perf_event_attr& attr() { return spec_.attr; }

  void apply_privilege(char letter) {
    if (!privilege_given_) attr().exclude_user = attr().exclude_kernel = attr().exclude_hv = 1;
    privilege_given_ = true;
    if (letter == 'u') {
      attr().exclude_user = 0;
      if (!machine_given_) attr().exclude_guest = 1;
    }
    if (letter == 'k') attr().exclude_kernel = 0;
    if (letter == 'h') attr().exclude_hv = 0;
  }

  Result<void> apply_rare(char letter) {
    if (letter == 'D' || letter == 'e') {
      if (!leads_) {
        return fail(fmt::format("'{}' of '{}' is of a group's first event", letter, spec_.name),
                    "the others go on and off the PMU with it", 2);
      }
      if (letter == 'D') attr().pinned = 1;
      if (letter == 'e') attr().exclusive = 1;
      return {};
    }
    if (letter == 'W') {
      return fail(fmt::format("'W' of '{}' is of groups: {{a,b}}:W", spec_.name), {}, 2);
    }
    return fail(fmt::format("'b' of '{}' is for counting, as perf stat does", spec_.name),
                "leave it out: --bpf has BPF take the samples", 2);
  }

  EventSpec& spec_;
  bool leads_;
  bool privilege_given_ = false;  // one of u, k, h
  bool machine_given_ = false;    // one of G, H
};

}  // namespace

bool is_modifiers(std::string_view text) {
  return text.find_first_not_of(kLetters) == text.npos;
}

Result<void> apply_modifiers(std::string_view letters, bool leads, EventSpec& spec) {
  const auto times = [letters](char letter) { return std::ranges::count(letters, letter); };
  const bool good =
      !letters.empty() && is_modifiers(letters) &&
      std::ranges::all_of(letters, [&](char c) { return times(c) <= (c == 'p' ? 3 : 1); });
  if (!good) {
    return fail(fmt::format("bad modifiers '{}' in event '{}'", letters, spec.name),
                "after the colon may stand u, k, h, G, H, I, P, S, D, e and up to three p", 2);
  }
  Modifiers modifiers(spec, leads);
  for (const char letter : letters) {
    if (auto done = modifiers.apply(letter); !done) return done;
  }
  return {};
}

}  // namespace prof
