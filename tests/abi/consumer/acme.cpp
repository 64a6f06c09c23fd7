// SPDX-License-Identifier: Apache-2.0
#include "dovetail/sdk/sdk.hpp"

namespace {

using namespace dovetail::sdk;

class AcmeProvider final : public Provider {
public:
  explicit AcmeProvider(const Config&) {}

  Status read_page(Context& context, const ReadRequest&, Page& page) override {
    DVT_TRY(const auto response, context.send(Request::get("/things")));
    DVT_TRY_STATUS(response.check("reading things"));
    DVT_TRY_STATUS(page.records(response, {.pointer = "/things"}));
    return page.exhausted();
  }
  Status test_connection(Context& context, Report&) override {
    DVT_TRY(const auto response, context.send(Request::get("/me")));
    return response.check("asking who I am");
  }
};

} // namespace

DOVETAIL_PLUGIN("acme", "0.1.0", AcmeProvider)
