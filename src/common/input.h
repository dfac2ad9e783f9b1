// open_input: a file or standard input as mapped bytes. Called by every command that reads.
#pragma once

#include <string>

#include "common/mapped_file.h"
#include "common/result.h"

namespace prof {

/// "-" is standard input: mapped in place if it is a file, else spooled to an unlinked temporary
/// file (in $TMPDIR, or /tmp), since a recording is read twice.
Result<MappedFile> open_input(const std::string& path);

}  // namespace prof
