// PaletteFile: colours of functions, kept between pictures: flamegraph.pl's palette.map (--cp).
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "common/output.h"
#include "common/result.h"
#include "flamegraph/palette.h"

namespace prof {

/// Lines of "name->rgb(r,g,b)".
class PaletteFile {
 public:
  /// Reads the text of such a file. Fails where a line is none, and says which.
  static Result<PaletteFile> parse(std::string_view text);

  /// The kept colour of a function; `otherwise`, which is kept from now on, if there was none.
  Rgb colour_for(std::string_view name, Rgb otherwise);

  /// Whether there are colours now that were not in the text.
  bool changed() const { return changed_; }
  /// All of them, by name.
  void write(Output& out) const;

 private:
  std::map<std::string, Rgb, std::less<>> colours_;
  bool changed_ = false;
};

}  // namespace prof
