// Cgroups as perf events know them: where they are mounted, by name, and all that there are. Used
// by asked_events for -G and by synthesis for --all-cgroups.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "common/result.h"
#include "common/unique_fd.h"

namespace prof {

class CgroupTree {
 public:
  /// The hierarchy that events go by: that of the controller perf_event, else that of cgroup2.
  /// `mounts` is the text of /proc/mounts.
  static Result<CgroupTree> find(std::string_view mounts);
  static Result<CgroupTree> find();

  const std::string& root() const { return root_; }
  /// Opens the directory of cgroup `name`, "system.slice/ssh.service" or with a '/' before.
  Result<UniqueFd> open(const std::string& name) const;
  /// visit(id, path) for each, those above first: the id that samples have, and "/system.slice".
  void for_each(const std::function<void(uint64_t id, const std::string& path)>& visit) const;

 private:
  std::string root_;
};

}  // namespace prof
