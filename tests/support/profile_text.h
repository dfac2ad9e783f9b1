// Profiles from folded text and outputs as strings, for tests of what stands on a Profile.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "common/output.h"
#include "common/unique_fd.h"
#include "report/import_folded.h"

namespace prof::test {

inline Result<Profile> import(std::string_view text) {
  return import_folded(std::as_bytes(std::span(text)), "stacks.folded");
}

/// The profile of folded stacks that are known to be right.
inline Profile profile_of(std::string_view text) {
  auto profile = import(text);
  REQUIRE(profile);
  return std::move(*profile);
}

/// What `write` puts into an Output.
inline std::string written(const std::function<void(Output&)>& write) {
  const UniqueFd fd(::memfd_create("output", MFD_CLOEXEC));
  REQUIRE(fd);
  Output out(fd.get());
  write(out);
  REQUIRE(out.flush());
  std::string text(static_cast<size_t>(::lseek(fd.get(), 0, SEEK_END)), '\0');
  REQUIRE(::pread(fd.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  return text;
}

}  // namespace prof::test
