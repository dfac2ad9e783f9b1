#include "common/result.h"

#include <system_error>

namespace prof {

tl::unexpected<Error> fail_errno(std::string_view what, int error) {
  return fail(std::string(what) + ": " + std::generic_category().message(error));
}

}  // namespace prof
