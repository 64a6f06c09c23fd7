// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "tests/simulators/odoo/value.hpp"

/// XML-RPC as Odoo's server speaks it, written apart from the plugin's own codec.
namespace dovetail::simulators::odoo {

struct XmlCall {
  std::string method;
  std::vector<Value> params;
};

/// Error: invalid_argument with the parser's words.
[[nodiscard]] Result<XmlCall> read_xml_call(std::string_view body);
/// Error (out_of_range): an integer past 32 bits, which the server's marshaller refuses.
[[nodiscard]] Result<std::string> xml_response(const Value& value);
[[nodiscard]] std::string xml_fault(int code, std::string_view text);

} // namespace dovetail::simulators::odoo
