// SPDX-License-Identifier: Apache-2.0
#include "core/vault/key_rotation.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace dovetail::vault {
namespace {

// A sweep that changed something is followed by another, because programs with an older ring may have written behind it.
constexpr int max_sweeps = 5;

Result<SealedSecret> sealed_anew(const Vault& vault, const AddressedRecord& item) {
  DOVETAIL_TRY(const auto secret, vault.open(item.address, item.record.sealed));
  DOVETAIL_TRY(auto sealed, vault.seal(item.address, secret));
  DOVETAIL_TRY(const auto again, vault.open(item.address, sealed));
  if (!(again == secret)) {
    return internal("The secret \"" + item.address.name +
                    "\" did not come back from its new seal; it was left as it is.");
  }
  return sealed;
}

void note_failure(RotationReport& report, const SecretAddress& address, Error error) {
  ++report.unopened;
  if (report.failures.size() < max_rotation_failures) {
    report.failures.push_back({address, std::move(error)});
  }
}

Status reseal_into(const Vault& vault, SecretRecords& records, const AddressedRecord& item, RotationReport& report) {
  auto sealed = sealed_anew(vault, item);
  if (!sealed.ok()) {
    note_failure(report, item.address, std::move(sealed).error());
    return {};
  }
  DOVETAIL_TRY(const bool replaced, records.reseal(item.address, item.record.sealed, *sealed));
  ++(replaced ? report.resealed : report.overtaken);
  return {};
}

Status sweep(const Vault& vault, SecretRecords& records, const Clock& clock, const RotationOptions& options,
             RotationReport& report) {
  report.unopened = 0;
  report.failures.clear();
  std::optional<SecretAddress> after;
  while (true) {
    DOVETAIL_TRY_STATUS(options.cancellation.check(clock));
    DOVETAIL_TRY(const auto batch,
                 records.scan(KeyMatch::not_sealed_with, vault.primary_key_id(), after, options.batch));
    for (const auto& item : batch) {
      DOVETAIL_TRY_STATUS(options.cancellation.check(clock));
      DOVETAIL_TRY_STATUS(reseal_into(vault, records, item, report));
    }
    if (options.progress && !batch.empty()) {
      options.progress(report);
    }
    if (batch.size() < options.batch) {
      return {};
    }
    after = batch.back().address;
  }
}

Result<CanaryState> canary_state(const Vault& vault, SecretRecords& records, const std::string& key_id) {
  DOVETAIL_TRY(const auto canary, records.get_canary(key_id));
  if (!vault.has_key(key_id)) {
    return CanaryState::unchecked;
  }
  if (!canary) {
    return CanaryState::missing;
  }
  return vault.check_canary(*canary).ok() ? CanaryState::matches : CanaryState::differs;
}

} // namespace

Result<RotationReport> rotate(const Vault& vault, SecretRecords& records, const Clock& clock,
                              const RotationOptions& options) {
  RotationReport report;
  for (int i = 0; i < max_sweeps; ++i) {
    const auto before = report.resealed + report.overtaken;
    DOVETAIL_TRY_STATUS(sweep(vault, records, clock, options, report));
    if (report.resealed + report.overtaken == before) {
      break;
    }
  }
  DOVETAIL_TRY(const auto counts, records.count_by_key());
  for (const auto& count : counts) {
    report.remaining += count.key_id == vault.primary_key_id() ? 0 : count.secrets;
  }
  return report;
}

std::string_view to_string(CanaryState state) noexcept {
  switch (state) {
  case CanaryState::missing:
    return "missing";
  case CanaryState::matches:
    return "matches";
  case CanaryState::differs:
    return "differs";
  case CanaryState::unchecked:
    return "unchecked";
  }
  return "unknown";
}

Result<std::vector<KeyStatus>> key_status(const Vault& vault, SecretRecords& records) {
  DOVETAIL_TRY(const auto counts, records.count_by_key());
  std::vector<KeyStatus> result;
  for (const auto& key_id : vault.key_ids()) {
    const auto count =
        std::find_if(counts.begin(), counts.end(), [&](const KeyCount& each) { return each.key_id == key_id; });
    DOVETAIL_TRY(const auto canary, canary_state(vault, records, key_id));
    result.push_back({.key_id = key_id,
                      .in_ring = true,
                      .primary = key_id == vault.primary_key_id(),
                      .canary = canary,
                      .secrets = count == counts.end() ? 0 : count->secrets});
  }
  for (const auto& count : counts) {
    if (!vault.has_key(count.key_id)) {
      result.push_back({.key_id = count.key_id,
                        .in_ring = false,
                        .primary = false,
                        .canary = CanaryState::unchecked,
                        .secrets = count.secrets});
    }
  }
  return result;
}

} // namespace dovetail::vault
