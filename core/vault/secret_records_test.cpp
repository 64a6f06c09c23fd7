// SPDX-License-Identifier: Apache-2.0
#include "core/vault/testing/memory_secret_records.hpp"
#include "core/vault/testing/secret_records_contract.hpp"

namespace dovetail::vault::testing {
namespace {

class MemoryWorld final : public SecretRecordsWorld {
public:
  SecretRecords& records() override { return records_; }
  void ensure_connection(TenantId /*tenant*/, ConnectionId /*connection*/) override {}

private:
  MemorySecretRecords records_;
};

INSTANTIATE_TEST_SUITE_P(Memory, SecretRecordsContract,
                         ::testing::Values(MakeSecretRecordsWorld([] { return std::make_unique<MemoryWorld>(); })));

} // namespace
} // namespace dovetail::vault::testing
