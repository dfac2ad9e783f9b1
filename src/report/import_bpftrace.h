// What bpftrace prints of maps with stacks as keys into a Profile: `@[kstack, ustack, comm]`.
// Called by load_profile.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"
#include "report/load.h"
#include "report/profile.h"

namespace prof {

/// Whether a line begins an entry of a map: "@[" or "@name[".
bool looks_like_bpftrace(std::string_view text);

/// Entries of maps are `@name[`, then the stacks of the key, leaf first, each on lines of its own,
/// and `]: count`. Each map is an event; entries of equal keys add up. What else is in the key, a
/// command or a number, is one name, as it is printed: "bash, 1234". Offsets in functions are
/// dropped; addresses without a name are unknown. What is no entry of this kind (histograms, maps
/// without stacks, messages) is passed over; a text with nothing else is an error.
Result<Profile> import_bpftrace(std::string_view text, const std::string& name,
                                const LoadOptions& options);

}  // namespace prof
