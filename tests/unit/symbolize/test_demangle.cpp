#include <catch2/catch.hpp>

#include "symbolize/demangle.h"

using namespace prof;

namespace {

struct Readable {
  const char* mangled;
  const char* names;
  const char* full;
};

}  // namespace

// The middle column is what perf 6.1 of Debian printed for symbols of these names.
TEST_CASE("Mangled names read as perf prints them, or in full") {
  const auto expected = GENERATE(values<Readable>({
      {"_Z3foov", "foo", "foo()"},
      {"_ZN1SlsEi", "S::operator<<", "S::operator<<(int)"},
      {"_ZN1ScvbEv", "S::operator bool", "S::operator bool()"},
      {"_ZN1SnwEm", "S::operator new", "S::operator new(unsigned long)"},
      {"_ZNR1S1fEi", "S::f", "S::f(int) &"},
      {"_ZN1SC2Ev", "S::S", "S::S()"},
      {"_ZN1SD0Ev", "S::~S", "S::~S()"},
      {"_Z4convIldET_T0_PFiiPKcE", "conv<long, double>",
       "long conv<long, double>(double, int (*)(int, char const*))"},
      {"_ZN12_GLOBAL__N_13fooEv", "(anonymous namespace)::foo", "(anonymous namespace)::foo()"},
      {"_ZZ3lamiENKUlT_E_clIcEEDaS_", "lam(int)::{lambda(auto:1)#1}::operator()<char>",
       "auto lam(int)::{lambda(auto:1)#1}::operator()<char>(char) const"},
      {"_ZNSt17_Function_handlerIFiiEZ4mainEUliE_E9_M_invokeERKSt9_Any_dataOi",
       "std::_Function_handler<int (int), main::{lambda(int)#1}>::_M_invoke",
       "std::_Function_handler<int (int), main::{lambda(int)#1}>::_M_invoke(std::_Any_data "
       "const&, int&&)"},
      {"_ZGVZ3foovE1x", "guard variable for foo()::x", "guard variable for foo()::x"},
      {"_GLOBAL__I__Z3foov", "global constructors keyed to foo()",
       "global constructors keyed to foo()"},
      {"_Z3fooi.cold", "foo", "foo(int) [clone .cold]"},
      {"_Z3fooi.part.0.constprop.1", "foo", "foo(int) [clone .part.0] [clone .constprop.1]"},
      {"_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad",
       "core::fmt::Formatter::pad"},
      {"_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$3bar"
       "17h930b740aa94f1d3aE",
       "<Test + 'static as foo::Bar<Test>>::bar", "<Test + 'static as foo::Bar<Test>>::bar"},
      {"_RNvC6_123foo3bar", "123foo::bar", "123foo::bar"},
      {"_RINvNtC3std3mem8align_ofdE", "std::mem::align_of::<f64>", "std::mem::align_of::<f64>"},
      {"_RNvMNtNtCs1234_7mycrate3foo3barINtB2_3BazpE4quux", "<mycrate::foo::bar::Baz<_>>::quux",
       "<mycrate::foo::bar::Baz<_>>::quux"},
      {"camlStdlib__List__map_123", "Stdlib.List.map_123", "Stdlib.List.map_123"},
      {"camlFoo__$2b$3E_5", "Foo.+>_5", "Foo.+>_5"},
      {"camlFoo__bar.cold", "Foo.bar.cold", "Foo.bar.cold"},
      {"camlFoo____$2gx$2", "Foo..$2gx$2", "Foo..$2gx$2"},
      {"camlFoo__$00x", "Foo.$00x", "Foo.$00x"},
  }));
  INFO(expected.mangled);
  CHECK(demangle(expected.mangled, DemangleStyle::Names).value_or("-") == expected.names);
  CHECK(demangle(expected.mangled, DemangleStyle::Full).value_or("-") == expected.full);
}

// perf prints D names as they are linked; the rest reads as for C++ functions of its own.
TEST_CASE("D names read as in D") {
  const auto expected = GENERATE(values<Readable>({
      {"_Dmain", "D main", "D main"},
      {"_D3std5stdio4File5closeMFZv", "std.stdio.File.close", "std.stdio.File.close()"},
      {"_D8demangle1S4testMxFZv", "demangle.S.test", "demangle.S.test() const"},
      {"_D8demangle__T4testTiZ4funcFaZv", "demangle.test!(int).func",
       "demangle.test!(int).func(char)"},
      {"_D8demangle4testPFZv", "demangle.test", "demangle.test"},
      {"_D3std5stdio4File5closeMFZv.cold", "std.stdio.File.close",
       "std.stdio.File.close() [clone .cold]"},
  }));
  INFO(expected.mangled);
  CHECK(demangle(expected.mangled, DemangleStyle::Names).value_or("-") == expected.names);
  CHECK(demangle(expected.mangled, DemangleStyle::Full).value_or("-") == expected.full);
}

TEST_CASE("Suffixes of clones and versions are kept in full names") {
  const auto expected = GENERATE(values<Readable>({
      {"_Z3fooi.isra.0.cold", "foo", "foo(int) [clone .isra.0] [clone .cold]"},
      {"_Z3fooi.lto_priv.0", "foo", "foo(int) [clone .lto_priv.0]"},
      {"_Z3fooi.__uniq.12.llvm.34", "foo", "foo(int) [clone .__uniq.12] [clone .llvm.34]"},
      {"_Z3fooi.Cold", "foo", "foo(int) [clone .Cold]"},
      {"_ZN1SC1Ev@@GLIBCXX_3.4", "S::S", "S::S()@@GLIBCXX_3.4"},
      {"_RNvC6_123foo3bar.llvm.123", "123foo::bar", "123foo::bar"},
      {"_ZN4core3fmt9Formatter3pad17h0123456789abcdefE.llvm.99", "core::fmt::Formatter::pad",
       "core::fmt::Formatter::pad"},
  }));
  INFO(expected.mangled);
  CHECK(demangle(expected.mangled, DemangleStyle::Names).value_or("-") == expected.names);
  CHECK(demangle(expected.mangled, DemangleStyle::Full).value_or("-") == expected.full);
}

TEST_CASE("Names that are not mangled are left alone") {
  for (const char* name : {"",           "_",
                           "_Z",         "main",
                           "_Zgarbage",  "_GLOBAL__sub_I_foo",
                           "foo.isra.0", "_DYNAMIC",
                           "_D",         "_D3",
                           "_D3foo.x",   "_R.x",
                           "_Z@x",       "__mod_MOD_name",
                           "caml_main",  "camlfoo__x",
                           "caml",       "caml1__x",
                           "_R",         "_Rxyz",
                           "_ZN"}) {
    INFO(name);
    CHECK_FALSE(demangle(name, DemangleStyle::Names));
    CHECK_FALSE(demangle(name, DemangleStyle::Full));
  }
}

TEST_CASE("A mangled name cut at any byte is harmless") {
  for (const std::string_view whole :
       {std::string_view("_ZNSt17_Function_handlerIFiiEZ4mainEUliE_E9_M_invokeERKSt9_Any_dataOi"),
        std::string_view("_RNvMNtNtCs1234_7mycrate3foo3barINtB2_3BazpE4quux"),
        std::string_view("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE"),
        std::string_view("camlFoo__$2b$3e_5")}) {
    for (size_t size = 0; size < whole.size(); ++size) {
      const auto text = demangle(whole.substr(0, size), DemangleStyle::Full);
      CHECK((!text || !text->empty()));
    }
  }
}

TEST_CASE("Names that would read as gigabytes, nest without end or are huge stay raw") {
  // f<pair<int,int>, pair<S1_,S1_>, pair<S2_,S2_> …>: each argument holds the one before twice.
  std::string doubling = "_Z1fISt4pairIiiE";
  for (size_t i = 1; i <= 30; ++i) {
    const std::string back = std::string("S") + "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[i] + "_";
    doubling += "S0_I" + back + back + "E";
  }
  CHECK(demangle(doubling.substr(0, 16 + 3 * 11) + "Evv", DemangleStyle::Names));
  CHECK_FALSE(demangle(doubling + "Evv", DemangleStyle::Names));

  // Each D tuple holds the one before twice.
  std::string tuples = "_D3fooFS3barZ";
  for (int i = 0; i < 40; ++i) tuples += "B2QeQg";
  CHECK_FALSE(demangle(tuples + "v", DemangleStyle::Names));

  const std::string nested = "_Z1f" + std::string(20000, 'P') + "i";
  CHECK_FALSE(demangle(nested, DemangleStyle::Full));
  CHECK_FALSE(demangle("_Z" + std::string(100000, '1'), DemangleStyle::Full));
  CHECK_FALSE(demangle(std::string(1 << 20, '_'), DemangleStyle::Full));
}
