// open_input: a file or standard input as mapped bytes. Called by every command that reads; and the
// temporary files that inputs are kept in.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "common/mapped_file.h"
#include "common/result.h"
#include "common/unique_fd.h"

namespace prof {

/// "-" is standard input: mapped in place if it is a file, else spooled to an unlinked temporary
/// file (in $TMPDIR, or /tmp), since a recording is read twice.
Result<MappedFile> open_input(const std::string& path);

/// An unlinked file in $TMPDIR, or /tmp, to read from and write to.
Result<UniqueFd> temporary_file();

/// Writes all of `bytes` to a temporary file.
Result<void> write_whole(int fd, std::span<const std::byte> bytes);

}  // namespace prof
