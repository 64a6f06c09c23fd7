// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/redact.hpp"
#include "core/http/client.hpp"
#include "core/limits/rate_limiter.hpp"
#include "core/manifest/registry.hpp"
#include "core/model/registry.hpp"
#include "core/plugin/plugin_host.hpp"
#include "core/store/secret_records.hpp"
#include "core/sync/sync_service.hpp"
#include "core/vault/crypto.hpp"
#include "core/vault/secret_service.hpp"
#include "core/vault/vault.hpp"
#include "tests/simulators/handler.hpp"
#include "tests/support/http_world.hpp"
#include "tests/support/simulated_transport.hpp"
#include "tests/support/test_store.hpp"

namespace dovetail::test {

/// Where the sources, the build and the shared test data are; ctest says it in the environment.
[[nodiscard]] std::filesystem::path source_directory();
[[nodiscard]] std::filesystem::path build_directory();
/// The folder beside the sources with vectors and recordings; tests skip where it is not there.
[[nodiscard]] std::filesystem::path shared_directory();

/// A whole Dovetail in one process and in virtual time: the real manifests, models, plugins, client, limiter, vault, mapping and store; only the
/// network is replaced, by simulated providers. One thread at a time.
class SyncWorld {
public:
  struct Options {
    store::Dialect dialect = store::Dialect::sqlite;
    bool prefetch = false;
    http::RetryOptions retry = {};
    /// Folders with further manifests and models; a later provider takes the place of one that ships.
    std::vector<std::filesystem::path> manifests = {};
    std::vector<std::filesystem::path> models = {};
  };
  static constexpr std::string_view api = "https://api.simulated.example";

  explicit SyncWorld(simulators::Handler& provider) : SyncWorld(provider, Options{}) {}
  SyncWorld(simulators::Handler& provider, Options options);
  ~SyncWorld();
  SyncWorld(const SyncWorld&) = delete;
  SyncWorld& operator=(const SyncWorld&) = delete;
  SyncWorld(SyncWorld&&) = delete;
  SyncWorld& operator=(SyncWorld&&) = delete;

  /// A connection named after its tenant, both made here. `config` is a JSON object's members, e.g. R"("organization":"acme")".
  struct Connected {
    store::TenantRecord tenant;
    store::ConnectionRecord connection;
  };
  [[nodiscard]] Connected connect(const std::string& tenant, const std::string& config,
                                  const std::string& token = "secret-token");
  /// The same for any provider: `config` is the whole config, `secrets` are its secrets by name.
  [[nodiscard]] Connected connect_to(const std::string& provider, const std::string& tenant, const std::string& config,
                                     const std::map<std::string, std::string>& secrets);

  /// A further secret of a connection.
  void give(const Connected& who, const std::string& name, const std::string& value);
  /// The connection as it is stored now.
  [[nodiscard]] Connected reload(const Connected& who);

  /// Fails the test when the sync could not even begin.
  std::vector<sync::ObjectReport> sync(const Connected& who, sync::SyncOptions options = {});
  /// The same for syncs that may not begin.
  [[nodiscard]] Result<std::vector<sync::ObjectReport>> try_sync(const Connected& who, sync::SyncOptions options = {});
  /// For what this world does not wrap: discovery, actions. Until restart().
  [[nodiscard]] sync::SyncService& service();
  [[nodiscard]] plugin::ConnectionTest test_connection(const Connected& who);
  /// Syncs until every object went through, at most `times` times; false when that was not enough.
  bool sync_until_done(const Connected& who, int times, const sync::SyncOptions& options = {});
  /// Throws all that lives in memory away and begins anew on the same database, as another process does.
  void restart();

  /// Everything that was synced for a tenant, as sorted text: the same for equal states however they came about. Ids that the store
  /// gives and times of writing are left out.
  [[nodiscard]] std::string dump(const Connected& who);
  [[nodiscard]] std::int64_t count(const Connected& who, const std::string& model);
  [[nodiscard]] std::string raw(const std::string& sql) { return store.raw(sql); }

  testing::TestStore store;
  Redactor redactor;
  MemoryLogger logger{redactor};
  SimulatedTransport transport;

private:
  struct Parts;
  void start();

  Options options_;
  testing::TemporaryFolder folder_;
  vault::SystemSecureRandom secure_random_;
  Secret ring_; // drawn from the generator above
  manifest::Registry manifests_;
  model::ModelRegistry models_;
  std::unique_ptr<Parts> parts_;
};

/// The sum of all reports.
[[nodiscard]] sync::SyncCounts total(const std::vector<sync::ObjectReport>& reports);
/// The report of one object; fails the test when there is none.
[[nodiscard]] const sync::ObjectReport& report_of(const std::vector<sync::ObjectReport>& reports,
                                                  std::string_view object);
/// What went wrong, one line each; empty when nothing did.
[[nodiscard]] std::string errors_of(const std::vector<sync::ObjectReport>& reports);

/// DOVETAIL_TEST_SCALE (0 to 1, default 1) times `count`, at least 1: long seeded runs take fewer seeds under sanitizers.
[[nodiscard]] int scaled(int count);

} // namespace dovetail::test
