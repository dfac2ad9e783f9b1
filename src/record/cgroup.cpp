#include "record/cgroup.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <vector>

#include "common/text_file.h"
#include "record/nearest_names.h"

namespace prof {

namespace {

constexpr size_t kMostCgroups = 100000;  // more are not named

/// The kernel's id of the directory: its file handle, as kernfs makes them (cgroup_id() of
/// include/linux/cgroup.h).
std::optional<uint64_t> id_of(const std::string& path) {
  uint64_t id = 0;
  alignas(file_handle) std::array<unsigned char, sizeof(file_handle) + sizeof id> place{};
  auto* handle = reinterpret_cast<file_handle*>(place.data());
  handle->handle_bytes = sizeof id;
  int mount = 0;
  if (::name_to_handle_at(AT_FDCWD, path.c_str(), handle, &mount, 0) != 0) return std::nullopt;
  if (handle->handle_bytes != sizeof id) return std::nullopt;
  std::memcpy(&id, place.data() + sizeof(file_handle), sizeof id);
  return id;
}

/// "/", "/a", "/a/b" below `root`, in the order of their names.
std::vector<std::string> paths_below(const std::string& root) {
  namespace fs = std::filesystem;
  std::vector<std::string> paths = {"/"};
  std::error_code error;
  fs::recursive_directory_iterator at(root, fs::directory_options::skip_permission_denied, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    std::error_code gone;
    if (!at->is_directory(gone) || at->is_symlink(gone)) continue;
    paths.push_back(at->path().string().substr(root.size()));
    if (paths.size() == kMostCgroups) break;
  }
  std::ranges::sort(paths);
  return paths;
}

}  // namespace

Result<CgroupTree> CgroupTree::find(std::string_view mounts) {
  CgroupTree tree;
  while (!mounts.empty()) {
    const auto line = mounts.substr(0, mounts.find('\n'));
    mounts.remove_prefix(std::min(line.size() + 1, mounts.size()));
    // "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0"
    std::array<std::string_view, 4> words;
    std::string_view left = line;
    for (auto& word : words) {
      word = left.substr(0, left.find(' '));
      left.remove_prefix(std::min(word.size() + 1, left.size()));
    }
    const auto options = fmt::format(",{},", words[3]);
    if (words[2] == "cgroup" && options.find(",perf_event,") != options.npos) {
      tree.root_ = words[1];
      return tree;
    }
    if (words[2] == "cgroup2" && tree.root_.empty()) tree.root_ = words[1];
  }
  if (!tree.root_.empty()) return tree;
  return fail("no cgroups that events could go by are mounted here",
              "mount them: mount -t cgroup2 none /sys/fs/cgroup");
}

Result<CgroupTree> CgroupTree::find() {
  return find(read_text_file("/proc/mounts").value_or(std::string()));
}

Result<UniqueFd> CgroupTree::open(const std::string& name) const {
  const auto path = fmt::format("{}/{}", root_, name);
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd) return fd;
  if (errno != ENOENT && errno != ENOTDIR) return fail_errno("cannot open cgroup '" + path + "'");
  std::vector<std::string> names;
  for (const std::string& known : paths_below(root_)) names.push_back(known.substr(1));
  return fail(fmt::format("there is no cgroup '{}' in {}", name, root_), did_you_mean(name, names),
              2);
}

void CgroupTree::for_each(
    const std::function<void(uint64_t id, const std::string& path)>& visit) const {
  for (const std::string& path : paths_below(root_)) {
    if (const auto id = id_of(root_ + path)) visit(*id, path);
  }
}

}  // namespace prof
