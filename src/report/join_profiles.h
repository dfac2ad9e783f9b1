// JoinedProfiles: the profiles of both sides of a comparison as one differential, in which equal
// functions are one frame. Made by diff.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/result.h"
#include "report/call_tree.h"
#include "report/profile.h"

namespace prof {

/// An input of a comparison, and the event of it that is compared.
struct DiffInput {
  DiffInput() = default;
  DiffInput(std::string name_of, Profile of) : name(std::move(name_of)), profile(std::move(of)) {}
  // Moved in a vector, too: what names strings of a profile does not outlive a copy's original.
  DiffInput(DiffInput&&) noexcept = default;
  DiffInput& operator=(DiffInput&&) noexcept = default;

  std::string name;
  Profile profile;
  uint32_t event = 0;
  Weight natural = Weight::Samples;  // see natural_weight()
};

struct JoinOptions {
  bool strip_hex = false;  // "0x4005d0" in names becomes "0x...", as by difffolded.pl -s
};

struct JoinedProfiles {
  Profile profile;
  /// By side (0: before) and input: the joined frame of each of its frames.
  std::vector<std::vector<FrameId>> frames_of[2];
  bool roots_are_functions = false;  // some input does not say what its stacks begin with
  bool knows_binaries = true;        // all inputs say which binary a function is in
};

/// Functions are equal by their names and the short names of their binaries, and in the kernel or
/// not; by their names alone where an input, as folded text, knows no more. The joined profile has
/// one event, named as that of the first input of `after`.
Result<JoinedProfiles> join_profiles(const std::vector<DiffInput>& before,
                                     const std::vector<DiffInput>& after,
                                     const JoinOptions& options);

}  // namespace prof
