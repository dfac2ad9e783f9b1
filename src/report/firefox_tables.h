// FirefoxTables: the tables of one thread of a profile in the Firefox Profiler's processed format,
// filled stack by stack, and those that all threads share. Used by export_firefox.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "common/output.h"
#include "report/profile.h"

namespace prof {

/// Texts and libraries, numbered as they come.
class FirefoxShared {
 public:
  explicit FirefoxShared(const Profile& profile);
  uint32_t text(std::string_view text);
  uint32_t lib(StringId dso);
  /// `"libs":[...]` and `"shared":{...}`.
  void write(Output& out) const;

 private:
  const Profile& profile_;
  std::unordered_map<std::string, uint32_t> text_numbers_;
  std::vector<std::string_view> texts_;                  // keys of the same
  std::unordered_map<uint32_t, std::string> build_ids_;  // by DSO's name
  std::unordered_map<uint32_t, uint32_t> lib_numbers_;   // by DSO's name
  std::vector<StringId> libs_;
};

class FirefoxTables {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  FirefoxTables(const Profile& profile, FirefoxShared& shared)
      : profile_(profile), shared_(shared) {}
  /// The stack that ends in this node of the profile, without a root that shows a thread; kNone if
  /// nothing is left.
  uint32_t stack(uint32_t node);
  /// All tables, each as `"name":{columns}`, with commas between them.
  void write(Output& out) const;

  /// Categories, which frames tell by number, as meta has them.
  static std::string_view categories();

 private:
  struct StackRow {
    uint32_t frame, prefix;
    FrameId outer;   // the frame that this one was inlined into, or itself
    uint32_t depth;  // how many calls deep
  };
  struct FrameRow {
    FrameId frame, outer;
    uint32_t depth, function, symbol;
  };
  struct SymbolRow {
    FrameId function;
    uint32_t lib;
  };

  uint32_t add(uint32_t node, uint32_t prefix);
  uint32_t frame(FrameId id, FrameId outer, uint32_t depth);
  uint32_t function(FrameId id);
  uint32_t resource(StringId dso);
  uint32_t symbol(FrameId outer);
  void write_frames(Output& out) const;
  void write_functions(Output& out) const;

  const Profile& profile_;
  FirefoxShared& shared_;
  std::unordered_map<uint32_t, uint32_t> stack_of_;  // by node
  std::vector<StackRow> stacks_;
  std::map<std::tuple<uint32_t, uint32_t, uint32_t>, uint32_t> frame_numbers_;
  std::vector<FrameRow> frames_;
  std::unordered_map<uint32_t, uint32_t> function_numbers_;  // by frame of the function
  struct FunctionRow {
    uint32_t name, resource, file;
  };
  std::vector<FunctionRow> functions_;
  std::unordered_map<uint32_t, uint32_t> resource_numbers_;  // by library
  struct ResourceRow {
    uint32_t lib, name;
  };
  std::vector<ResourceRow> resources_;
  std::unordered_map<uint32_t, uint32_t> symbol_numbers_;  // by frame of the function
  std::vector<SymbolRow> symbols_;
  std::vector<uint32_t> path_;
};

}  // namespace prof
