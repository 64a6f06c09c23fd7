// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "dovetail/sdk/sdk.hpp"
#include "settings.hpp"
#include "value.hpp"

namespace dovetail::odoo {

/// Written where XML-RPC wants the key; the host puts the key there (the manifest's auth, "body").
inline constexpr std::string_view key_placeholder = "{{secret:api_key}}";

/// One condition of a domain; all must hold.
struct Condition {
  std::string field;
  std::string op; ///< "=", ">", ">=", "in"
  std::variant<bool, std::int64_t, std::string, std::vector<std::int64_t>> value;
};

/// Records of one model, archived ones too, in the order of their ids.
struct Query {
  std::string model;
  std::vector<Condition> domain;
  std::vector<Field> fields; ///< besides the id
  std::int64_t limit = 0;
  /// Whether the host may send it again as it is; large batches are rather asked for in halves.
  bool repeatable = true;
};

/// What fields_get tells.
struct Description {
  std::vector<Field> fields; ///< those that were asked for, as far as the server has them and the user may see them
  std::optional<sdk::Timestamp> server_time; ///< when it answered, by the server's own clock
};

struct Identity {
  std::int64_t uid = 0;
};

/// One of Odoo's protocols. Errors say what Odoo said; see refusal.hpp.
class Client {
public:
  Client() = default;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  Client(Client&&) = delete;
  Client& operator=(Client&&) = delete;
  virtual ~Client() = default;

  /// Whose key it is. unauthenticated when Odoo refuses it; not_found when the server does not speak this protocol.
  [[nodiscard]] virtual sdk::Result<Identity> identify(sdk::Context& context) = 0;
  [[nodiscard]] virtual sdk::Result<Description> describe(sdk::Context& context, const std::string& model,
                                                          const std::vector<std::string>& names) = 0;
  [[nodiscard]] virtual sdk::Result<std::vector<Row>> read(sdk::Context& context, const Query& query) = 0;
};

/// `identity` is what identify() gave, now or earlier. The settings must outlive the client.
[[nodiscard]] std::unique_ptr<Client> make_client(Protocol protocol, const Settings& settings, Identity identity = {});

/// The server's version by XML-RPC, without signing in. not_found when it does not speak it.
[[nodiscard]] sdk::Result<std::string> xmlrpc_version(sdk::Context& context);

/// The major number in "19.0", "17.0+e" and "saas~18.3"; 0 when there is none.
[[nodiscard]] int major_version(std::string_view version) noexcept;

/// When the server answered, by its Date header.
[[nodiscard]] std::optional<sdk::Timestamp> server_time(const sdk::Response& response);

} // namespace dovetail::odoo
