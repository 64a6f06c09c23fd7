// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "core/vault/fernet_import.hpp"
#include "core/vault/key_rotation.hpp"
#include "runtime/cli/app.hpp"
#include "runtime/cli/command.hpp"
#include "runtime/cli/output.hpp"
#include "runtime/cli/secret_sources.hpp"
#include "runtime/cli/signals.hpp"

namespace dovetail::cli {
namespace {

class VaultKeygen final : public Command {
public:
  void declare(Options& /*options*/) override {}

  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(const vault::GeneratedKey key, vault::generate_key(app.clock(), app.secure_random()));
    // The one secret that is printed: it exists nowhere else, and this is what the person asked for.
    app.console().out() << key.entry.reveal() << '\n';
    if (app.console().facts().output_is_terminal) {
      app.console().note(
          fmt::format("The key {} was shown this once. Put it first in {} and keep a copy outside of the database.",
                      key.id, vault::keys_variable));
    }
    return ExitCode::ok;
  }
};

class VaultStatus final : public Command {
public:
  void declare(Options& options) override { json_.declare(options); }

  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(const vault::Vault* const vault, app.vault(true));
    DOVETAIL_TRY(vault::SecretRecords* const records, app.secret_records());
    DOVETAIL_TRY(const auto keys, vault::key_status(*vault, *records));
    const auto rows = app.console().rows(
        json_.format(), {{"key_id"}, {"in_ring"}, {"newest"}, {"canary"}, {"secrets", true}, {"retirable"}});
    bool all_there = true;
    for (const vault::KeyStatus& key : keys) {
      rows->row({key.key_id, key.in_ring, key.primary, std::string(vault::to_string(key.canary)), key.secrets,
                 key.retirable()});
      all_there = all_there && (key.in_ring || key.secrets == 0);
    }
    rows->finish();
    if (!all_there) {
      return failed_precondition(
          fmt::format("secrets are sealed with keys that {} lacks: put those keys back behind the newest, or store the "
                      "secrets anew with `dovetail connection add --replace`",
                      vault::keys_variable));
    }
    return ExitCode::ok;
  }

private:
  JsonOption json_;
};

class VaultRotate final : public Command {
public:
  void declare(Options& /*options*/) override {}

  Result<ExitCode> run(App& app) override {
    // A secret whose key is lost must not keep the others from being rotated: it is reported.
    DOVETAIL_TRY(const vault::Vault* const vault, app.vault(true));
    DOVETAIL_TRY(vault::SecretRecords* const records, app.secret_records());
    Console& console = app.console();
    const StopSignals signals(
        [&console] { console.note("Stopping. `dovetail vault rotate` goes on with what is left."); });
    vault::RotationOptions options;
    options.cancellation.stop = signals.token();
    options.progress = [&console](const vault::RotationReport& report) {
      console.status_line().show(fmt::format("{} secrets sealed anew", report.resealed));
    };
    const auto rotated = vault::rotate(*vault, *records, app.clock(), options);
    console.status_line().clear();
    DOVETAIL_TRY(const vault::RotationReport report, rotated);
    console.say(fmt::format("{} secrets sealed anew with {}, {} left as somebody else wrote them meanwhile.",
                            report.resealed, vault->primary_key_id(), report.overtaken));
    for (const vault::RotationFailure& failure : report.failures) {
      console.note(fmt::format("the secret \"{}\" of connection {} of tenant {}: {}", failure.address.name,
                               failure.address.connection.value, failure.address.tenant.value, failure.error.message));
    }
    if (!report.complete()) {
      return failed_precondition(fmt::format(
          "{} secrets are still sealed with older keys: keep those in {} and run `dovetail vault rotate` again "
          "once what stands above is mended",
          report.remaining, vault::keys_variable));
    }
    return ExitCode::ok;
  }
};

class VaultImportFernet final : public Command {
public:
  void declare(Options& options) override {
    options.positional("FILE", file_, "The wrapper {\"_encrypted\": true, \"payload\": ...}; - is standard input")
        ->required();
    options.value("tenant", tenant_, "NAME", "Whose connection")->required();
    options.value("connection", connection_, "NAME", "Which connection gets the secrets")->required();
    options.value("name", name_, "NAME",
                  "The secret to be stored. Without it: every member of the payload that is named as one of the "
                  "provider's secrets");
    options.value("pointer", pointer_, "POINTER",
                  "Where the secret stands in the payload, e.g. /api_key; default: the whole payload");
    options.value("key-env", key_variable_, "VARIABLE", "Environment variable with the Fernet keys");
    options.value("key-file", key_file_, "PATH", "File with the Fernet keys");
    options.flag("replace", replace_, "Replace secrets that have another value");
  }

  Status check() override {
    if (!key_variable_.empty() && !key_file_.empty()) {
      return invalid_argument("--key-env and --key-file exclude each other");
    }
    if (name_.empty() && !pointer_.empty()) {
      return invalid_argument("--pointer needs --name: which secret is it?");
    }
    return {};
  }

  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(vault::SecretBackend* const secrets, app.secrets(true));
    DOVETAIL_TRY(const store::TenantRecord tenant, app.tenant(tenant_));
    DOVETAIL_TRY(const store::ConnectionRecord connection, app.connection(tenant, connection_));
    DOVETAIL_TRY(const Secret keys, read_keys());
    DOVETAIL_TRY(const Secret wrapper, read_secret_file(file_, vault::max_fernet_wrapper_bytes));
    DOVETAIL_TRY(const Secret payload, vault::open_fernet_wrapper(wrapper.reveal(), keys));
    DOVETAIL_TRY(const auto found, pick(app, connection, payload));
    for (const auto& [name, secret] : found) {
      app.redactor().remember(secret);
      DOVETAIL_TRY(const vault::ImportOutcome outcome,
                   vault::import_secret(*secrets, {tenant.id, connection.id, name}, secret, replace_));
      app.console().say(fmt::format("The secret \"{}\" {}.", name,
                                    outcome == vault::ImportOutcome::stored ? "is stored now" : "was there already"));
    }
    return ExitCode::ok;
  }

private:
  [[nodiscard]] Result<Secret> read_keys() const {
    if (!key_variable_.empty()) {
      return read_secret_variable(key_variable_);
    }
    if (!key_file_.empty()) {
      return read_secret_file(key_file_);
    }
    return ask_secret("Fernet key: ");
  }

  [[nodiscard]] Result<std::vector<std::pair<std::string, Secret>>>
  pick(App& app, const store::ConnectionRecord& connection, const Secret& payload) const {
    std::vector<std::pair<std::string, Secret>> found;
    if (!name_.empty()) {
      DOVETAIL_TRY(Secret secret, vault::secret_at(payload, pointer_));
      found.emplace_back(name_, std::move(secret));
      return found;
    }
    DOVETAIL_TRY(const manifest::Manifest* const provider, app.provider(connection.settings.provider));
    for (const manifest::SecretSpec& spec : provider->secrets) {
      auto secret = vault::secret_at(payload, "/" + spec.name);
      if (secret.ok()) {
        found.emplace_back(spec.name, std::move(secret).value());
      } else if (secret.error().code != ErrorCode::not_found) {
        return std::move(secret).error().in(fmt::format("the secret \"{}\" of the payload", spec.name));
      }
    }
    if (found.empty()) {
      return not_found(fmt::format(
          "the payload has no member that is named as a secret of the provider {}: say with --name and --pointer "
          "which one it is",
          provider->provider_key));
    }
    return found;
  }

  std::string file_;
  std::string tenant_;
  std::string connection_;
  std::string name_;
  std::string pointer_;
  std::string key_variable_;
  std::string key_file_;
  bool replace_ = false;
};

} // namespace

std::vector<CommandSpec> vault_commands() {
  return {command<VaultKeygen>("vault keygen", "Prints a new key for DOVETAIL_VAULT_KEYS", "vault keygen > vault.key"),
          command<VaultStatus>("vault status", "Lists the keys and how many secrets each seals", "vault status"),
          command<VaultRotate>("vault rotate", "Seals all secrets anew with the newest key", "vault rotate"),
          command<VaultImportFernet>("vault import-fernet", "Moves a Fernet-encrypted secret into the vault",
                                     "vault import-fernet secret.json --tenant acme --connection main --name token "
                                     "--pointer /api_key --key-env FERNET_KEY")};
}

} // namespace dovetail::cli
