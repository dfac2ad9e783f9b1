#include <fmt/format.h>

#include <map>
#include <string>
#include <vector>

#include "report/export_formats.h"
#include "report/function_totals.h"

namespace prof {

namespace {

/// A line's rest is a name there: what would end the line must not be in it.
std::string one_line(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return out.empty() ? "???" : out;
}

/// Names are told once and numbered: "(3) name", then "(3)".
class Names {
 public:
  std::string of(uint32_t id, std::string_view name) {
    const auto [it, added] = numbers_.try_emplace(id, numbers_.size() + 1);
    return added ? fmt::format("({}) {}", it->second, one_line(name))
                 : fmt::format("({})", it->second);
  }

 private:
  std::map<uint32_t, size_t> numbers_;
};

class CallgrindWriter {
 public:
  CallgrindWriter(const Profile& profile, const ExportOptions& options, Output& out)
      : profile_(profile), options_(options), out_(out) {}

  void write() {
    const FunctionTotals totals =
        function_totals(profile_, options_.event, options_.weight, /*roots=*/true);
    uint64_t all = 0;
    for (const FunctionTotal& total : totals.functions) all += total.self;
    std::map<uint32_t, std::vector<const CallTotal*>> calls;
    for (const CallTotal& call : totals.calls) calls[call.caller.value].push_back(&call);
    std::string unit = whole_unit_of(profile_, options_);
    unit[0] = static_cast<char>(unit[0] >= 'a' && unit[0] <= 'z' ? unit[0] - 32 : unit[0]);
    out_ << fmt::format(
        "# callgrind format\nversion: 1\ncreator: prof {}\ncmd: {}\npositions: line\nevents: "
        "{}\nsummary: {}\n",
        PROF_VERSION, one_line(options_.name), unit, all);
    for (const FunctionTotal& total : totals.functions) {
      out_ << "\n";
      tell("", total.function);
      out_ << fmt::format("0 {}\n", total.self);
      for (const CallTotal* call : calls[total.function.value]) {
        tell("c", call->callee);
        out_ << fmt::format("calls=1 0\n0 {}\n", call->total);
      }
    }
    out_ << fmt::format("\ntotals: {}\n", all);
  }

 private:
  void tell(std::string_view prefix, FrameId function) {
    const Frame& frame = profile_.frame(function);
    if (frame.dso.valid()) {
      out_ << prefix << "ob=" << objects_.of(frame.dso.value, profile_.strings[frame.dso]) << "\n";
    } else {
      out_ << prefix << "ob=(0)\n";
    }
    out_ << prefix << "fn=" << names_.of(function.value, profile_.name(function)) << "\n";
  }

  const Profile& profile_;
  const ExportOptions& options_;
  Output& out_;
  Names objects_, names_;
};

}  // namespace

Result<void> export_callgrind(const Profile& profile, const ExportOptions& options, Output& out) {
  CallgrindWriter(profile, options, out).write();
  return {};
}

}  // namespace prof
