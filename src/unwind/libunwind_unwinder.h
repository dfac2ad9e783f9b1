// LibunwindUnwinder: unwinds x86-64 stack copies with libunwind, some ten times slower than the
// tables. Takes over where a table's rule is not supported; the tables' measure in tests.
#pragma once

#include <memory>

#include "unwind/unwinder.h"

namespace prof {

/// Of one thread. Uses modules' .eh_frame. nullptr where prof was built without libunwind's
/// x86-64 library.
std::unique_ptr<Unwinder> make_libunwind_unwinder();

}  // namespace prof
