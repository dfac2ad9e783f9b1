// Runs a fuzz target over files and folders of inputs, as an ordinary test. Small inputs are also
// run cut at every byte. Fails, by crash or sanitizer, where the target does.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr size_t kCutUpTo = 2048;

/// In an allocation of just this size, so that AddressSanitizer sees the first byte beyond it.
void run(const std::vector<char>& input, size_t size) {
  const std::vector<uint8_t> exact(input.begin(),
                                   input.begin() + static_cast<std::ptrdiff_t>(size));
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

void replay(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> input{std::istreambuf_iterator<char>(file), {}};
  run(input, input.size());
  if (input.size() > kCutUpTo) return;
  for (size_t size = 0; size < input.size(); ++size) run(input, size);
}

std::vector<std::filesystem::path> files_of(const std::filesystem::path& root) {
  std::vector<std::filesystem::path> files;
  if (!std::filesystem::is_directory(root)) return {root};
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  size_t count = 0;
  for (int i = 1; i < argc; ++i) {
    const auto files = files_of(argv[i]);
    if (files.empty()) {
      std::fprintf(stderr, "no inputs in %s\n", argv[i]);
      return 1;
    }
    for (const auto& path : files) {
      if (!std::filesystem::exists(path)) {
        std::fprintf(stderr, "no such input: %s\n", path.c_str());
        return 1;
      }
      std::printf("%s\n", path.c_str());
      std::fflush(stdout);  // the last line names the input that failed
      replay(path);
      ++count;
    }
  }
  if (count == 0) {
    std::fprintf(stderr, "usage: %s FILE|FOLDER...\n", argv[0]);
    return 2;
  }
  std::printf("%zu inputs\n", count);
  return 0;
}
