// FakeDevices: a folder of event sources, as /sys/bus/event_source/devices, that tests fill.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace prof {

class FakeDevices {
 public:
  FakeDevices() {
    char name[] = "/tmp/prof-devices-XXXXXX";
    root = ::mkdtemp(name);
  }
  ~FakeDevices() { std::filesystem::remove_all(root); }
  FakeDevices(const FakeDevices&) = delete;
  FakeDevices& operator=(const FakeDevices&) = delete;

  void put(const std::string& path, const std::string& text) const {
    const std::filesystem::path whole = root + "/" + path;
    std::filesystem::create_directories(whole.parent_path());
    std::ofstream(whole) << text;
  }

  std::string root;
};

}  // namespace prof
