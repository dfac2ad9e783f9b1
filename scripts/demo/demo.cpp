// A small program to look at in a flame graph: it makes log lines of web requests, parses them,
// and prints nothing. Run by scripts/quickstart.
//
//   demo SECONDS
#include <algorithm>
#include <chrono>
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
  [[gnu::noinline]] std::string make_line() {
    static constexpr std::string_view kPaths[] = {"/", "/search", "/cart", "/api/v1/items",
                                                  "/static/logo.svg"};
    const uint64_t random = next();
    std::string line = "GET ";
    line += kPaths[random % std::size(kPaths)];
    line += random % 17 == 0 ? " 500 " : " 200 ";
    line += std::to_string(random % 90000);
    return line;
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

[[gnu::noinline]] std::vector<std::string> make_log(Generator& generator, size_t lines) {
  std::vector<std::string> log;
  log.reserve(lines);
  for (size_t i = 0; i < lines; ++i) log.push_back(generator.make_line());
  return log;
}

[[gnu::noinline]] unsigned slowest_percentile(std::vector<Request> requests) {
  std::sort(requests.begin(), requests.end(),
            [](const Request& a, const Request& b) { return a.microseconds < b.microseconds; });
  return requests[requests.size() * 99 / 100].microseconds;
}

[[gnu::noinline]] std::map<std::string, uint64_t> count_by_path(const std::vector<Request>& all) {
  std::map<std::string, uint64_t> counts;
  for (const Request& request : all) ++counts[request.path];
  return counts;
}

[[gnu::noinline]] uint64_t analyze(const std::vector<std::string>& log) {
  const std::vector<Request> requests = parse_log(log);
  return slowest_percentile(requests) + count_by_path(requests).size();
}

}  // namespace demo

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 5.0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  demo::Generator generator;
  uint64_t sum = 0;
  while (std::chrono::steady_clock::now() < end) {
    sum += demo::analyze(demo::make_log(generator, 20000));
  }
  return sum == 0;  // so that nothing of it is optimized away
}
