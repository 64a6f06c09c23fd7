// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/manifest/connection.hpp"
#include "runtime/cli/app.hpp"
#include "runtime/cli/command.hpp"

namespace dovetail::cli {

/// `connection add`: checks the config, gathers the secrets, writes both. With --replace it changes what is different.
class ConnectionAdd final : public Command {
public:
  void declare(Options& options) override;
  [[nodiscard]] Status check() override;
  [[nodiscard]] Result<ExitCode> run(App& app) override;

private:
  using NamedSecrets = std::map<std::string, Secret, std::less<>>;

  [[nodiscard]] Status may_become(const std::optional<store::ConnectionRecord>& present) const;
  [[nodiscard]] Result<std::string> config_text(const std::optional<store::ConnectionRecord>& present) const;
  [[nodiscard]] static Result<ConnectionId> put(store::ConnectionRepository& connections,
                                                const std::optional<store::ConnectionRecord>& present,
                                                const store::ConnectionSettings& settings,
                                                std::vector<std::string>& changes);
  /// The secrets to be stored: those that were given, and those that the auth method needs and nobody has yet.
  [[nodiscard]] Result<NamedSecrets> gather(App& app, const store::TenantRecord& tenant,
                                            const std::optional<store::ConnectionRecord>& present,
                                            const manifest::Manifest& provider,
                                            const manifest::Connection& resolved) const;
  static void need_tokens(const manifest::Manifest& provider, const manifest::AuthMethod& auth,
                          const std::set<std::string, std::less<>>& there, std::set<std::string, std::less<>>& needed);
  [[nodiscard]] Status tell_variables(App& app, const std::set<std::string, std::less<>>& needed,
                                      const NamedSecrets& found) const;
  [[nodiscard]] Status read_given(App& app, const std::set<std::string, std::less<>>& known, NamedSecrets& found) const;
  /// From the variable that the manifest names, else from the person.
  [[nodiscard]] static Result<Secret> find_missing(App& app, const manifest::Manifest& provider,
                                                   const std::string& name);

  std::string tenant_;
  std::string provider_;
  std::string name_;
  std::vector<std::string> settings_;
  std::string config_file_;
  std::string variant_;
  std::vector<std::string> secret_variables_;
  std::vector<std::string> secret_files_;
  std::map<std::string, std::string> variables_;
  std::map<std::string, std::string> files_;
  bool replace_ = false;
};

} // namespace dovetail::cli
