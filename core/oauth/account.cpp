// SPDX-License-Identifier: Apache-2.0
#include "core/oauth/account.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/http/url.hpp"

namespace dovetail::oauth {

std::string Account::describe() const {
  return fmt::format("the connection {} of {} ({})", connection_name, tenant_name, provider->display_name);
}

bool has_client_grant(const Account& account) noexcept {
  return account.oauth().has(manifest::OAuthFlow::client_credentials);
}

Result<std::string> check_base_url(const Account& account, const std::string& base_url) {
  const auto refuse = [&account](std::string_view what, std::string_view why) {
    return permission_denied(
        fmt::format("The token answer for {} names {} as the address of the API, which is not allowed: {}.",
                    account.describe(), what, why));
  };
  const auto url = http::Url::parse(base_url);
  if (!url.ok()) {
    return refuse("a text", url.error().message);
  }
  const std::string shown = url->origin().to_string();
  if (url->target().find('?') != std::string::npos || base_url.find('#') != std::string::npos) {
    return refuse(shown, "it has a query or a fragment");
  }
  const auto& own = account.egress.allowed;
  if (std::find(own.begin(), own.end(), url->origin()) == own.end() &&
      !manifest::host_fits(account.oauth().base_url_hosts, url->host())) {
    return refuse(shown,
                  "its host is not among oauth.baseUrl.allowedHosts of the manifest; if it belongs to the provider, "
                  "add it there");
  }
  if (!url->is_https() && !account.egress.allow_plain_http) {
    return refuse(shown, "it is not encrypted; \"allowPlainHttp\" in the connection's config would allow that");
  }
  std::string path(url->path());
  while (path.ends_with('/')) {
    path.pop_back();
  }
  return shown + path;
}

} // namespace dovetail::oauth
