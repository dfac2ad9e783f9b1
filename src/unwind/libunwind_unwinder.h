// LibunwindUnwinder: unwinds x86-64 stack copies with libunwind, some ten times slower than the
// tables. Takes over where a table's rule is not supported; the tables' measure in tests.
#pragma once

#include <cstdint>
#include <memory>

#include "unwind/unwinder.h"

namespace prof {

/// libunwind keeps rules by address, whether it is a leaf's (exact) or a caller's (one less is
/// meant): fast, and now and then wrong at a function's first byte, where a call that does not
/// return ends the function before.
enum class LibunwindCache : uint8_t { Off, On };

/// Of one thread. Uses modules' .eh_frame. nullptr where prof was built without libunwind's
/// x86-64 library.
std::unique_ptr<Unwinder> make_libunwind_unwinder(LibunwindCache cache = LibunwindCache::Off);

}  // namespace prof
