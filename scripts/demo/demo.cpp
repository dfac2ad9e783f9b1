// A small program to look at in a flame graph: it makes log lines of web requests, parses them,
// and prints nothing. Run by scripts/quickstart.
//
//   demo SECONDS
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace demo {

struct Request {
  std::string path;
  unsigned status = 0;
  unsigned microseconds = 0;
};

class Generator {
 public:
  [[gnu::noinline]] void make_line(std::string& line) {
    static constexpr std::string_view kPaths[] = {"/", "/search", "/cart", "/api/v1/items",
                                                  "/static/logo.svg"};
    const uint64_t random = next();
    line = "GET ";
    line += kPaths[random % std::size(kPaths)];
    line += random % 17 == 0 ? " 500 " : " 200 ";
    line += std::to_string(random % 90000);
  }

 private:
  uint64_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    return state_ ^= state_ << 17;
  }
  uint64_t state_ = 88172645463325252u;
};

[[gnu::noinline]] Request parse_line(std::string_view line) {
  Request request;
  const size_t path_at = line.find(' ') + 1;
  const size_t status_at = line.find(' ', path_at) + 1;
  const size_t time_at = line.find(' ', status_at) + 1;
  request.path = line.substr(path_at, status_at - path_at - 1);
  for (char c : line.substr(status_at, 3)) request.status = request.status * 10 + unsigned(c - '0');
  for (char c : line.substr(time_at)) {
    request.microseconds = request.microseconds * 10 + unsigned(c - '0');
  }
  return request;
}

[[gnu::noinline]] std::vector<Request> parse_log(const std::vector<std::string>& log) {
  std::vector<Request> requests;
  requests.reserve(log.size());
  for (const std::string& line : log) requests.push_back(parse_line(line));
  return requests;
}

[[gnu::noinline]] void make_log(Generator& generator, std::vector<std::string>& log) {
  for (std::string& line : log) generator.make_line(line);
}

[[gnu::noinline]] unsigned slowest_percentile(std::vector<Request> requests) {
  const auto at = requests.begin() + static_cast<std::ptrdiff_t>(requests.size() * 99 / 100);
  std::nth_element(requests.begin(), at, requests.end(), [](const Request& a, const Request& b) {
    return a.microseconds < b.microseconds;
  });
  return at->microseconds;
}

[[gnu::noinline]] uint64_t busiest_path(const std::vector<Request>& requests) {
  std::map<std::string, uint64_t> counts;
  for (const Request& request : requests) ++counts[request.path];
  uint64_t most = 0;
  for (const auto& [path, count] : counts) most = std::max(most, count);
  return most;
}

[[gnu::noinline]] uint64_t analyze(const std::vector<std::string>& log) {
  const std::vector<Request> requests = parse_log(log);
  return slowest_percentile(requests) + busiest_path(requests);
}

}  // namespace demo

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 5.0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  demo::Generator generator;
  std::vector<std::string> log(20000);
  uint64_t sum = 0;
  while (std::chrono::steady_clock::now() < end) {
    demo::make_log(generator, log);
    sum += demo::analyze(log);
  }
  return sum == 0;  // so that nothing of it is optimized away
}
