// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sync_world.hpp"

#include <algorithm>
#include <cstdlib>

#include <gtest/gtest.h>

#include "core/vault/key_ring.hpp"
#include "core/vault/vault_start.hpp"

namespace dovetail::test {
namespace {

std::filesystem::path from_environment(const char* variable, const std::filesystem::path& otherwise) {
  const char* value = std::getenv(variable); // NOLINT(concurrency-mt-unsafe): before any thread starts
  return value == nullptr ? otherwise : std::filesystem::path(value);
}

template <typename T> T must(Result<T> result, std::string_view what) {
  if (!result.ok()) {
    throw std::runtime_error(std::string(what) + ": " + result.error().message);
  }
  return std::move(result).value();
}

std::vector<std::filesystem::path> with(std::filesystem::path first, const std::vector<std::filesystem::path>& more) {
  std::vector<std::filesystem::path> all = {std::move(first)};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

} // namespace

std::filesystem::path source_directory() {
  return from_environment("DOVETAIL_SOURCE_DIR", std::filesystem::current_path());
}
std::filesystem::path build_directory() {
  return from_environment("DOVETAIL_BUILD_DIR", source_directory() / "build" / "dev");
}
std::filesystem::path shared_directory() { return source_directory().parent_path() / "shared"; }

int scaled(int count) {
  const char* scale = std::getenv("DOVETAIL_TEST_SCALE"); // NOLINT(concurrency-mt-unsafe): before any thread starts
  return scale == nullptr ? count
                          : std::max(1, static_cast<int>(static_cast<double>(count) * std::strtod(scale, nullptr)));
}

/// What a process holds in memory.
struct SyncWorld::Parts {
  Parts(SyncWorld& world, const Secret& ring_text)
      : limiter(world.store.clock()), client({.transport = world.transport,
                                              .limiter = limiter,
                                              .redactor = world.redactor,
                                              .logger = world.logger,
                                              .clock = world.store.clock(),
                                              .random = world.store.random()},
                                             {.user_agent = {}, .retry = world.options_.retry}),
        plugins({.folder = world.folder_.path() / "plugins",
                 .probe = {.program = build_directory() / "bin" / "dovetail-plugin-host"}}),
        ring(must(vault::KeyRing::parse(ring_text), "key ring")), vault(ring, world.secure_random_),
        records(world.store.database()), secrets(vault, records) {}

  limits::RateLimiter limiter;
  http::Client client;
  plugin::PluginHost plugins;
  vault::KeyRing ring;
  vault::Vault vault;
  store::StoredSecretRecords records;
  vault::SecretService secrets;
  std::optional<sync::SyncService> service;
};

SyncWorld::SyncWorld(simulators::Handler& provider, Options options)
    : store(options.dialect), transport(store.clock()), options_(std::move(options)),
      ring_(must(vault::generate_key(store.clock(), secure_random_), "key").entry),
      manifests_(
          must(manifest::Registry::load(with(source_directory() / "manifests", options_.manifests)), "manifests")),
      models_(must(model::ModelRegistry::load(with(source_directory() / "manifests" / "models", options_.models)),
                   "models")) {
  transport.connect(std::string(api), provider);
  start();
}

SyncWorld::~SyncWorld() = default;

void SyncWorld::start() {
  parts_ = std::make_unique<Parts>(*this, ring_);
  parts_->service.emplace(
      must(sync::SyncService::make({.database = store.database(),
                                    .ids = store.ids(),
                                    .clock = store.clock(),
                                    .logger = logger,
                                    .redactor = redactor,
                                    .client = parts_->client,
                                    .limiter = parts_->limiter,
                                    .plugins = parts_->plugins,
                                    .manifests = manifests_,
                                    .models = models_,
                                    .secrets = parts_->secrets,
                                    .plugin_directories = {build_directory() / "lib" / "dovetail" / "plugins"},
                                    .tuning = {.keep_lease = false}}),
           "service"));
}

void SyncWorld::restart() {
  parts_.reset();
  store.reopen();
  start();
}

SyncWorld::Connected SyncWorld::connect(const std::string& tenant, const std::string& config,
                                        const std::string& token) {
  return connect_to("github", tenant,
                    R"({"environment":"custom","baseUrl":")" + std::string(api) +
                        R"(","rateLimits":{"requestsPerMinute":0})" + (config.empty() ? "" : ",") + config + "}",
                    {{"token", token}});
}

SyncWorld::Connected SyncWorld::connect_to(const std::string& provider, const std::string& tenant,
                                           const std::string& config,
                                           const std::map<std::string, std::string>& secrets) {
  store::TenantRepository tenants(store.database(), store.ids());
  Connected connected{.tenant = must(tenants.add(tenant), "tenant"), .connection = {}};
  store::ConnectionRepository connections({store.database(), connected.tenant.id}, store.ids());
  store::ConnectionSettings settings;
  settings.name = tenant;
  settings.provider = provider;
  settings.config = config;
  connected.connection = must(connections.add(settings), "connection");
  for (const auto& [name, value] : secrets) {
    static_cast<void>(
        must(parts_->secrets.save({.tenant = connected.tenant.id, .connection = connected.connection.id, .name = name},
                                  Secret(value), std::nullopt),
             "secret"));
  }
  return connected;
}

void SyncWorld::give(const Connected& who, const std::string& name, const std::string& value) {
  static_cast<void>(must(parts_->secrets.save({.tenant = who.tenant.id, .connection = who.connection.id, .name = name},
                                              Secret(value), std::nullopt),
                         "secret"));
}

SyncWorld::Connected SyncWorld::reload(const Connected& who) {
  store::ConnectionRepository connections({store.database(), who.tenant.id}, store.ids());
  auto present = must(connections.get(who.connection.id), "connection");
  if (!present) {
    throw std::runtime_error("the connection is gone");
  }
  return {.tenant = who.tenant, .connection = std::move(*present)};
}

Result<std::vector<sync::ObjectReport>> SyncWorld::try_sync(const Connected& who, sync::SyncOptions options) {
  options.prefetch = options_.prefetch;
  return parts_->service->sync_connection(who.tenant, who.connection, options, {}, nullptr);
}

std::vector<sync::ObjectReport> SyncWorld::sync(const Connected& who, sync::SyncOptions options) {
  auto reports = try_sync(who, std::move(options));
  EXPECT_TRUE(reports.ok()) << reports.error().message;
  return reports.ok() ? *reports : std::vector<sync::ObjectReport>();
}

sync::SyncService& SyncWorld::service() { return *parts_->service; }

plugin::ConnectionTest SyncWorld::test_connection(const Connected& who) {
  auto tested = parts_->service->test_connection(who.tenant, who.connection, {});
  return tested.ok() ? std::move(*tested) : plugin::ConnectionTest{.status = tested.error(), .findings = {}};
}

bool SyncWorld::sync_until_done(const Connected& who, int times, const sync::SyncOptions& options) {
  for (int i = 0; i < times; ++i) {
    if (errors_of(sync(who, options)).empty()) {
      return true;
    }
    store.clock().advance(std::chrono::minutes(5));
  }
  return false;
}

std::string SyncWorld::dump(const Connected& who) {
  std::string text;
  for (const auto* model : models_.all()) {
    std::string columns = "coalesce(external_id, '')";
    const auto add = [&columns](const std::string& column) {
      columns += " || '|' || coalesce(CAST(\"" + column + "\" AS TEXT), '-')";
    };
    for (const auto& field : model->fields) {
      add(field.name);
    }
    for (const auto& derived : model->derived) {
      add(derived.field.name);
    }
    add("state");
    add("source_updated_at");
    add("content_hash");
    const std::string join =
        store.dialect() == store::Dialect::sqlite ? "group_concat(line, char(10))" : "string_agg(line, chr(10))";
    text += model->name + ":\n" +
            store.raw("SELECT " + join + " FROM (SELECT " + columns + " AS line FROM \"" + model->name +
                      "\" WHERE tenant_id = " + std::to_string(who.tenant.id.value) + " ORDER BY 1) AS lines") +
            "\n";
  }
  return text;
}

std::int64_t SyncWorld::count(const Connected& who, const std::string& model) {
  return std::stoll(
      store.raw("SELECT count(*) FROM \"" + model + "\" WHERE tenant_id = " + std::to_string(who.tenant.id.value)));
}

sync::SyncCounts total(const std::vector<sync::ObjectReport>& reports) {
  sync::SyncCounts sum;
  for (const auto& report : reports) {
    sum += report.counts;
  }
  return sum;
}

const sync::ObjectReport& report_of(const std::vector<sync::ObjectReport>& reports, std::string_view object) {
  static const sync::ObjectReport none;
  const auto found = std::find_if(reports.begin(), reports.end(),
                                  [object](const sync::ObjectReport& report) { return report.object == object; });
  EXPECT_NE(found, reports.end()) << object;
  return found == reports.end() ? none : *found;
}

std::string errors_of(const std::vector<sync::ObjectReport>& reports) {
  std::string text;
  for (const auto& report : reports) {
    if (report.error) {
      text += report.object + ": " + std::string(to_string(report.error->code)) + ": " + report.error->message + "\n";
    }
  }
  return text;
}

} // namespace dovetail::test
