#include <catch2/catch.hpp>

#include "symbolize/short_name.h"

using namespace prof;

TEST_CASE("Short names have neither template arguments nor parameters") {
  struct Names {
    const char* name;
    const char* brief;
  };
  const auto expected = GENERATE(values<Names>({
      {"main", "main"},
      {"std::vector<int, std::allocator<int> >::push_back", "std::vector<…>::push_back"},
      {"std::map<int, std::vector<int>>::operator[]", "std::map<…>::operator[]"},
      {"conv<long, double>", "conv<…>"},
      {"std::function<int (int)>::operator()", "std::function<…>::operator()"},
      {"std::_Function_handler<int (int), main::{lambda(int)#1}>::_M_invoke",
       "std::_Function_handler<…>::_M_invoke"},
      {"lam(int)::{lambda(auto:1)#1}::operator()<char>", "lam::{lambda()#1}::operator()<…>"},
      {"S::f(int) const &::{lambda()#2}::operator()", "S::f::{lambda()#2}::operator()"},
      {"f(int) constant", "f constant"},
      {"(anonymous namespace)::foo<int>::bar", "(anonymous namespace)::foo<…>::bar"},
      {"S::operator<", "S::operator<"},
      {"S::operator<<", "S::operator<<"},
      {"S::operator-><int>", "S::operator-><…>"},
      {"std::operator<< <std::char_traits<char> >", "std::operator<< <…>"},
      {"std::operator<=> <int>", "std::operator<=> <…>"},
      {"operator< <int>", "operator< <…>"},
      {"S::operator std::vector<int>", "S::operator std::vector<…>"},
      {"my_operator<int>::x", "my_operator<…>::x"},
      {"Array<(3>2)>::at", "Array<…>::at"},
      {"g<decltype (a->b)>::h", "g<…>::h"},
      {"std::string::size[abi:cxx11]<int>", "std::string::size[abi:cxx11]<…>"},
      {"guard variable for foo()::x", "guard variable for foo::x"},
      {"<Test + 'static as foo::Bar<Test>>::bar", "<Test + 'static as foo::Bar<…>>::bar"},
      {"<mycrate::foo::bar::Baz<_>>::quux", "<mycrate::foo::bar::Baz<…>>::quux"},
      {"std::mem::align_of::<f64>", "std::mem::align_of::<…>"},
      {"core::ops::function::FnOnce::call_once{{vtable.shim}}",
       "core::ops::function::FnOnce::call_once{{vtable.shim}}"},
      {"demangle.test!(int).func", "demangle.test!(…).func"},
      // Not balanced, or nothing to fold: left alone.
      {"vector<int", "vector<int"},
      {"f(int", "f(int"},
      {"a<b)>c", "a<b)>c"},
      {"a>b", "a>b"},
      {"", ""},
  }));
  INFO(expected.name);
  CHECK(short_name(expected.name) == expected.brief);
  for (size_t size = 0; size < std::string_view(expected.name).size(); ++size) {
    const std::string cut = short_name(std::string_view(expected.name).substr(0, size));
    CHECK(cut.size() <= size + 16);
  }
}

TEST_CASE("Shortening takes no longer than the name is long") {
  CHECK(short_name(std::string(1 << 20, '<')) == std::string(1 << 20, '<'));
  CHECK(short_name("a" + std::string(1 << 20, '<')).size() == (1 << 20) + 1);
  CHECK(short_name(std::string(1 << 20, '(')).size() == 1 << 20);
}
