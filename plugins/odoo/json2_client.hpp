// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client.hpp"

namespace dovetail::odoo {

/// JSON-2 (Odoo 19 and later): the key goes into a header, which the host adds.
class Json2Client final : public Client {
public:
  explicit Json2Client(const Settings& settings) : settings_(settings) {}

  [[nodiscard]] sdk::Result<Identity> identify(sdk::Context& context) override;
  [[nodiscard]] sdk::Result<Description> describe(sdk::Context& context, const std::string& model,
                                                  const std::vector<std::string>& names) override;
  [[nodiscard]] sdk::Result<std::vector<Row>> read(sdk::Context& context, const Query& query) override;

private:
  [[nodiscard]] sdk::Result<sdk::Response> call(sdk::Context& context, const std::string& model,
                                                std::string_view method, std::string body, bool repeatable,
                                                std::string_view what) const;
  void write_context(sdk::JsonWriter& body) const;

  const Settings& settings_;
};

} // namespace dovetail::odoo
