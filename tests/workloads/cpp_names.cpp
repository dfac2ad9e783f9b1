// Burns CPU in functions whose names show what a demangler can do: templates, operators, lambdas,
// anonymous namespaces, function-pointer parameters, constructors, conversion operators, extern
// "C".
//
//   usage: cpp_names SECONDS
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "burn.h"

namespace {

volatile uint64_t sink = 1;

inline __attribute__((always_inline)) void spin() {
  KEEP_FRAME;
  uint64_t x = sink;
  for (int i = 0; i < 60000; ++i) x = x * 6364136223846793005u + 1442695040888963407u;
  sink = x;
}

[[gnu::noinline]] void in_anonymous_namespace() {
  spin();
}

}  // namespace

namespace names {

template <class T, int Size>
struct Matrix {
  [[gnu::noinline]] Matrix() { spin(); }
  [[gnu::noinline]] Matrix& operator+=(const Matrix&) {
    spin();
    return *this;
  }
  [[gnu::noinline]] T operator()(int, int) const {
    spin();
    return T{};
  }
  [[gnu::noinline]] explicit operator bool() const {
    spin();
    return true;
  }
  [[gnu::noinline]] friend bool operator<(const Matrix&, const Matrix&) {
    spin();
    return false;
  }
  template <class U>
  [[gnu::noinline]] std::vector<U> convert(const std::string&) const {
    spin();
    return {};
  }
};

[[gnu::noinline]] void takes_callback(void (*callback)(int, const char*), int value) {
  spin();
  callback(value, "");
}

template <class... Arguments>
[[gnu::noinline]] void variadic(Arguments&&...) {
  spin();
}

[[gnu::noinline]] void overloaded(int) {
  spin();
}
[[gnu::noinline]] void overloaded(const std::vector<std::string>&) {
  spin();
}

}  // namespace names

extern "C" [[gnu::noinline]] void plain_c_name() {
  spin();
}

static void round_of_names() {
  names::Matrix<double, 4> matrix;
  names::Matrix<double, 4> other;
  matrix += other;
  if (matrix && matrix < other) sink = static_cast<uint64_t>(matrix(1, 2));
  matrix.convert<std::pair<int, std::string>>("text");
  in_anonymous_namespace();
  names::takes_callback([](int, const char*) { spin(); }, 1);
  const std::function<void()> lambda = [value = sink] {
    spin();
    sink = sink + value;
  };
  lambda();
  names::variadic(1, 2.0, std::string("three"));
  names::overloaded(1);
  names::overloaded(std::vector<std::string>{});
  plain_c_name();
}

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 1.0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (std::chrono::steady_clock::now() < end) round_of_names();
}
