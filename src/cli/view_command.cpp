#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/input_options.h"
#include "cli/page_file.h"
#include "common/unique_fd.h"

namespace prof {

namespace {

constexpr int kPatience = 20;             // times that are waited for a browser to fail
constexpr useconds_t kPause = 50 * 1000;  // µs

struct ViewCommand {
  PageCommand page;
  std::string output;
};

/// A path as the address of a file: what is no letter, digit or usual sign is "%XX" (RFC 3986).
std::string address_of(const std::string& path) {
  std::string address = "file://";
  for (const char letter : path) {
    const bool plain = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                       (letter >= '0' && letter <= '9') ||
                       std::string_view("/-_.~").find(letter) != std::string_view::npos;
    address +=
        plain ? std::string(1, letter) : fmt::format("%{:02X}", static_cast<unsigned char>(letter));
  }
  return address;
}

bool is_in_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path ? path : "";
  while (!rest.empty()) {
    const auto folder = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
    if (::access((std::string(folder) + "/" + program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

/// Shell commands that open the address in $0, the first that works is taken: those of $BROWSER
/// ("firefox:w3m %s"), or the desktop's own.
std::vector<std::string> browsers() {
  std::vector<std::string> commands;
  if (is_set("BROWSER")) {
    std::string_view rest = std::getenv("BROWSER");
    while (!rest.empty()) {
      std::string command(rest.substr(0, rest.find(':')));
      rest.remove_prefix(std::min(rest.size(), command.size() + 1));
      if (command.empty()) continue;
      if (const size_t at = command.find("%s"); at != std::string::npos) {
        command.replace(at, 2, "\"$0\"");
      } else {
        command += " \"$0\"";
      }
      commands.push_back(std::move(command));
    }
    return commands;
  }
  const bool has_desktop = is_set("DISPLAY") || is_set("WAYLAND_DISPLAY");
  if (has_desktop && is_in_path("xdg-open")) commands.emplace_back("xdg-open \"$0\"");
  if (is_in_path("wslview")) commands.emplace_back("wslview \"$0\"");
  return commands;
}

/// Starts it in the background. A browser stays; that it does not work shows soon.
bool opens(const std::string& command, const std::string& address) {
  const pid_t child = ::fork();
  if (child < 0) return false;
  if (child == 0) {
    ::setsid();
    const int null = ::open("/dev/null", O_RDWR);
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null, fd);
    ::execl("/bin/sh", "sh", "-c", command.c_str(), address.c_str(), nullptr);
    ::_exit(127);
  }
  for (int i = 0; i < kPatience; ++i) {
    int status = 0;
    if (::waitpid(child, &status, WNOHANG) == child) {
      return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    ::usleep(kPause);
  }
  return true;
}

/// A file of the user's own, that stays: the browser reads it when it likes.
Result<std::string> new_file() {
  std::string path = (std::filesystem::temp_directory_path() / "prof-XXXXXX.html").string();
  const UniqueFd file(::mkstemps(path.data(), static_cast<int>(std::string_view(".html").size())));
  if (!file) return fail_errno("cannot create '" + path + "'");
  return path;
}

Result<int> run_view(ViewCommand& command) {
  std::string path = command.output;
  if (path.empty()) {
    auto made = new_file();
    if (!made) return tl::unexpected(made.error());
    path = std::move(*made);
  }
  if (auto written = write_page_file(command.page, path); !written) {
    if (command.output.empty()) ::unlink(path.c_str());
    return tl::unexpected(written.error());
  }
  std::error_code error;
  const std::string address = address_of(std::filesystem::absolute(path, error).string());
  for (const std::string& browser : browsers()) {
    if (!opens(browser, address)) continue;
    fmt::print("{}\n", path);
    return 0;
  }
  fmt::print("{}\n", path);
  fmt::print(stderr, "prof: no browser {}: open {} where there is one, or set BROWSER\n",
             is_set("BROWSER") ? "of $BROWSER works" : "is known here", address);
  return 0;
}

}  // namespace

void add_view_command(CLI::App& app, CommandRun& run) {
  auto* view = app.add_subcommand("view", "Look at a recording in the browser");
  auto command = std::make_shared<ViewCommand>();
  LoadOptions& load = command->page.load;
  load.join_wakers = true;
  add_input_options(*view, load.input);
  add_format_option(*view, load.input);
  view->add_option("file", load.input.path, "The same as -i");
  view->add_option("-o,--output", command->output,
                   "File to write the page to; one in $TMPDIR or /tmp if not given");
  load.without_idle = true;
  view->add_flag_callback(
      "--idle", [command] { command->page.load.without_idle = false; },
      "Show where the idle task (swapper) waits for work, too");
  view->callback([command, &run] { run = [command] { return run_view(*command); }; });
}

}  // namespace prof
