// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include "dovetail/testing/conformance.hpp"

namespace dovetail::testing {

/// One law, held against the provider that provider() gives. In a test's source:
///
///   DOVETAIL_CONFORMANCE(Acme, acme_provider())
///
/// makes the tests Acme/ConformanceTest.Holds/<law>. Needs GoogleTest, which this library itself does not.
struct ConformanceCase {
  const ConformanceLaw* law = nullptr;
  ConformanceProvider (*provider)() = nullptr;

  friend void PrintTo(const ConformanceCase& self, std::ostream* out) { *out << self.law->name; }
};

class ConformanceTest : public ::testing::TestWithParam<ConformanceCase> {};

TEST_P(ConformanceTest, Holds) {
  for (const auto& problem : GetParam().law->check(GetParam().provider())) {
    ADD_FAILURE() << problem;
  }
}

[[nodiscard]] inline std::vector<ConformanceCase> conformance_cases(ConformanceProvider (*provider)()) {
  std::vector<ConformanceCase> cases;
  for (const auto& law : conformance_laws()) {
    cases.push_back({&law, provider});
  }
  return cases;
}

[[nodiscard]] inline std::string conformance_name(const ::testing::TestParamInfo<ConformanceCase>& info) {
  return std::string(info.param.law->name);
}

} // namespace dovetail::testing

/// `...` is an expression that gives a ConformanceProvider.
#define DOVETAIL_CONFORMANCE(name, ...)                                                                                \
  namespace dovetail::testing {                                                                                        \
  INSTANTIATE_TEST_SUITE_P(name, ConformanceTest, ::testing::ValuesIn(conformance_cases([]() -> ConformanceProvider {  \
                             return __VA_ARGS__;                                                                       \
                           })),                                                                                        \
                           conformance_name);                                                                          \
  }
