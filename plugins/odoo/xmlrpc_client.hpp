// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "client.hpp"
#include "xmlrpc.hpp"

namespace dovetail::odoo {

/// XML-RPC, `/xmlrpc/2`: database, user number and key go with every call.
class XmlRpcClient final : public Client {
public:
  XmlRpcClient(const Settings& settings, Identity identity) : settings_(settings), identity_(identity) {}

  [[nodiscard]] sdk::Result<Identity> identify(sdk::Context& context) override;
  [[nodiscard]] sdk::Result<Description> describe(sdk::Context& context, const std::string& model,
                                                  const std::vector<std::string>& names) override;
  [[nodiscard]] sdk::Result<std::vector<Row>> read(sdk::Context& context, const Query& query) override;

private:
  /// A call of a model's method up to its positional arguments.
  [[nodiscard]] CallWriter begin(const std::string& model, std::string_view method) const;
  void write_context(CallWriter& call) const;

  const Settings& settings_;
  Identity identity_;
};

} // namespace dovetail::odoo
