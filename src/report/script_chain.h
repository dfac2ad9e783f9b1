// Which frames of a call chain `prof script` prints. Used by script.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "report/callchain.h"
#include "report/script_frames.h"

namespace prof {

/// Whether a chain is printed at all. As perf does, one with a marker that nobody knows is not: it
/// comes from a frame pointer that led astray.
inline bool is_sound(const U64View& chain) {
  bool address = false;
  for (size_t i = 0; i < chain.size(); ++i) {
    switch (chain[i]) {
      case kContextHypervisor:
      case kContextKernel:
      case kContextUser:
      case kContextGuest:
      case kContextGuestKernel:
      case kContextGuestUser:
        break;
      case kContextUnwound:
      case kContextJoined:
        break;
      default:
        if (is_stop_marker(chain[i])) break;
        if (chain[i] >= kContextMax) return false;
        address = true;
    }
  }
  return address;
}

/// The frames of a chain up to the first one that --stop-bt names.
inline std::span<const uint32_t> up_to_stop(const ScriptFrames& frames,
                                            std::span<const uint32_t> chain) {
  for (size_t i = 0; i < chain.size(); ++i) {
    if (frames.stops(chain[i])) return chain.first(i + 1);
  }
  return chain;
}

}  // namespace prof
