#include <catch2/catch.hpp>

#include "flamegraph/package.h"

using namespace prof;

TEST_CASE("packages are read from the names of each language") {
  const auto package = [](std::string_view name) { return package_of(name, "libx.so"); };
  // C++
  CHECK(package("std::vector<int>::push_back(int const&)") == "std");
  CHECK(package("void boost::asio::detail::run<int>(int)") == "boost");
  CHECK(package("non-virtual thunk to Widget::paint()") == "Widget");
  CHECK(package("operator delete(void*)") == "libx.so");
  CHECK(package("work(std::string const&)") == "libx.so");  // its arguments tell nothing of it
  CHECK(package("sort<std::less>(int*)") == "libx.so");
  CHECK(package("(anonymous namespace)::f()") == "libx.so");
  // Rust
  CHECK(package("<alloc::vec::Vec<T,A> as core::ops::drop::Drop>::drop") == "alloc");
  CHECK(package("<&mut serde_json::de::Deserializer<R>>::parse") == "serde_json");
  CHECK(package("tokio::runtime::task::raw::poll") == "tokio");
  // Go
  CHECK(package("net/http.(*conn).serve") == "net/http");
  CHECK(package("github.com/a/b.Run") == "github.com/a/b");
  CHECK(package("runtime.mallocgc") == "runtime");
  CHECK(package("main.main.func1") == "main");
  // Java
  CHECK(package("java/util/HashMap.get") == "java/util");
  CHECK(package("org.apache.kafka.Broker.run") == "org.apache.kafka");
  // Python, JavaScript
  CHECK(package("py::work:/srv/app/tasks.py") == "/srv/app");
  CHECK(package("LazyCompile:*f /srv/lib/x.js:10") == "/srv/lib");
  // C and clones of it
  CHECK(package("memcpy") == "libx.so");
  CHECK(package("f.part.0") == "libx.so");
  CHECK(package("") == "libx.so");
  CHECK(package_of("memcpy", "").empty());
}
