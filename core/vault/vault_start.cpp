// SPDX-License-Identifier: Apache-2.0
#include "core/vault/vault_start.hpp"

#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dovetail::vault {
namespace {

// More than one, so that a single damaged row does not make a right key look wrong.
constexpr std::size_t probes_without_canary = 16;
constexpr std::size_t missing_keys_shown = 5;

/// "3 secrets with key "a", 1 with key "b"".
std::string describe(const std::vector<KeyCount>& counts) {
  std::string text;
  for (std::size_t i = 0; i < counts.size() && i < missing_keys_shown; ++i) {
    text += i == 0 ? "" : ", ";
    text += std::to_string(counts[i].secrets) + " with key \"" + counts[i].key_id + "\"";
  }
  if (counts.size() > missing_keys_shown) {
    text += ", and " + std::to_string(counts.size() - missing_keys_shown) + " keys more";
  }
  return text;
}

Status check_opens_something(const Vault& vault, SecretRecords& records, const std::string& key_id) {
  DOVETAIL_TRY(const auto probes, records.scan(KeyMatch::sealed_with, key_id, std::nullopt, probes_without_canary));
  for (const auto& probe : probes) {
    if (vault.open(probe.address, probe.record.sealed).ok()) {
      return {};
    }
  }
  if (probes.empty()) {
    return {};
  }
  return failed_precondition("The key \"" + key_id + "\" in " + std::string(keys_variable) +
                             " opens none of the stored secrets that carry its id. Put the right key back, or give the "
                             "new key an id of its own.");
}

Status check_key(const Vault& vault, SecretRecords& records, const std::string& key_id) {
  DOVETAIL_TRY(auto canary, records.get_canary(key_id));
  if (!canary) {
    DOVETAIL_TRY_STATUS(check_opens_something(vault, records, key_id));
    DOVETAIL_TRY(auto sealed, vault.seal_canary(key_id));
    Status written = records.put_canary(sealed);
    if (written.ok()) {
      return {};
    }
    if (written.error().code != ErrorCode::already_exists) {
      return written;
    }
    // Another process was first, perhaps with another key under this id: its canary decides.
    DOVETAIL_TRY(canary, records.get_canary(key_id));
  }
  if (!canary || canary->key_id != key_id) {
    return data_loss("The canary of vault key \"" + key_id +
                     "\" cannot be read back; check the database (`dovetail db check`).");
  }
  return vault.check_canary(*canary);
}

} // namespace

std::optional<Secret> take_ring_text_from_environment() {
  const std::string name(keys_variable);
  char* value = std::getenv(name.c_str()); // NOLINT(concurrency-mt-unsafe): the caller has no threads yet
  if (value == nullptr) {
    return std::nullopt;
  }
  std::optional<Secret> text(std::in_place, std::string_view(value));
  wipe(value, text->size());
  ::unsetenv(name.c_str()); // NOLINT(concurrency-mt-unsafe): as above
  return text;
}

Status check_canaries(const Vault& vault, SecretRecords& records) {
  for (const auto& key_id : vault.key_ids()) {
    DOVETAIL_TRY_STATUS(check_key(vault, records, key_id));
  }
  return {};
}

Result<std::unique_ptr<Vault>> start_vault(const std::optional<Secret>& ring_text, SecretRecords& records,
                                           SecureRandom& random, const VaultStartOptions& options) {
  DOVETAIL_TRY(auto counts, records.count_by_key());
  if (!ring_text) {
    if (!counts.empty()) {
      return failed_precondition(std::string(keys_variable) + " is not set, but secrets are stored: " +
                                 describe(counts) + ". Set it to the keys that sealed them.");
    }
    if (options.integrations_enabled) {
      return failed_precondition(
          std::string(keys_variable) +
          " is not set, so connections' secrets cannot be stored. `dovetail vault keygen` makes a key.");
    }
    return std::unique_ptr<Vault>();
  }
  DOVETAIL_TRY(const auto ring, KeyRing::parse(*ring_text));
  auto vault = std::make_unique<Vault>(ring, random);
  DOVETAIL_TRY_STATUS(check_canaries(*vault, records));
  std::erase_if(counts, [&](const KeyCount& count) { return vault->has_key(count.key_id); });
  if (!counts.empty() && !options.tolerate_missing_keys) {
    return failed_precondition(
        "Stored secrets are sealed with keys that " + std::string(keys_variable) +
        " does not hold: " + describe(counts) +
        ". Add those keys behind the newest one; if they are lost, follow the key rotation runbook.");
  }
  return vault;
}

} // namespace dovetail::vault
