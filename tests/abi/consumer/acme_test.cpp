// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "dovetail/testing/fake_host.hpp"

int main(int count, char** arguments) {
  if (count != 2) {
    return 2;
  }
  auto host = dovetail::testing::FakeHost::open(arguments[1]);
  if (!host.ok() || !(*host)->create().ok()) {
    return 1;
  }
  (*host)->http().get("/things").reply(200, R"({"things":[{"id":1},{"id":2}]})");
  const auto page = (*host)->read_page({.object = "thing"});
  std::printf("%zu records\n", page.all_records().size());
  return page.status.ok() && page.all_records().size() == 2 ? 0 : 1;
}
