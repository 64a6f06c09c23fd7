// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "runtime/cli/app.hpp"
#include "runtime/cli/command.hpp"
#include "runtime/cli/output.hpp"

namespace dovetail::cli {
namespace {

class TenantAdd final : public Command {
public:
  void declare(Options& options) override {
    options.positional("NAME", name_, "Lower-case letters, digits, '-' and '_'")->required();
  }
  Status check() override { return check_name("tenant", name_); }

  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(store::Database* const database, app.database());
    DOVETAIL_TRY(const store::TenantRecord tenant, store::TenantRepository(*database, app.ids()).add(name_));
    app.console().say(fmt::format("The tenant {} is there now.", tenant.name));
    return ExitCode::ok;
  }

private:
  std::string name_;
};

class TenantList final : public Command {
public:
  void declare(Options& options) override { json_.declare(options); }

  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(const auto tenants, app.tenants({}));
    const auto rows = app.console().rows(json_.format(), {{"name"}, {"id"}, {"created_at"}});
    for (const store::TenantRecord& tenant : tenants) {
      rows->row({tenant.name, id_text(tenant.id), time_cell(tenant.created_at)});
    }
    rows->finish();
    return ExitCode::ok;
  }

private:
  JsonOption json_;
};

} // namespace

std::vector<CommandSpec> tenant_commands() {
  return {command<TenantAdd>("tenant add", "Makes a tenant", "tenant add acme"),
          command<TenantList>("tenant list", "Lists the tenants", "tenant list --json")};
}

} // namespace dovetail::cli
