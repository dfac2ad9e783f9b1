// nearest_names: what somebody may have meant by a name that does not exist. Used for the hints of
// what -e does not find.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace prof {

/// The names nearest to `wanted`, at most `most` of them and the nearest first; none that is too
/// far to be meant. Those that hold `wanted` as a part come before those that are merely like it.
std::vector<std::string> nearest_names(std::string_view wanted,
                                       const std::vector<std::string>& names, size_t most = 3);

/// "did you mean a, b or c?", or nothing.
std::string did_you_mean(std::string_view wanted, const std::vector<std::string>& names);

}  // namespace prof
