// SPDX-License-Identifier: Apache-2.0
// The laws of every plugin, held against the shipped Odoo plugin and the simulated Odoo, over each protocol (PROV-ODOO, SYNC-4, TEN-1).
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "dovetail/testing/conformance_test.hpp"
#include "tests/conformance/simulated.hpp"
#include "tests/simulators/odoo/simulator.hpp"

namespace dovetail::test {
namespace {

using simulators::odoo::MutationCounts;
using simulators::odoo::OdooSimulator;
using simulators::odoo::SimulatorOptions;
using simulators::odoo::World;

constexpr std::array databases = {"acme", "globex"};
constexpr std::array keys = {"key-of-acme", "key-of-globex"};
constexpr auto api = "https://odoo.simulated.example";

/// How the plugin comes to talk to the server.
struct Way {
  const char* protocol; ///< of the connection's config
  int major_version;
  const char* full_pass = "everything"; ///< of the connection's config
};

SimulatorOptions options_of(std::uint64_t seed, std::size_t account, int major_version) {
  SimulatorOptions options;
  options.world.seed = seed + account;
  options.world.major_version = major_version;
  options.world.departments = 9;
  options.world.jobs = 6;
  options.world.employees = account == 0 ? 27 : 8;
  options.world.partners = account == 0 ? 34 : 12;
  options.world.first_partner_id = 190; // full passes by stamps look at windows of 200 ids
  options.world.projects = 5;
  options.world.tasks = account == 0 ? 31 : 7;
  options.database = databases.at(account);
  options.users = {{.login = "robot@acme.example", .key = keys.at(account)}};
  return options;
}

class OdooWorld final : public testing::ConformanceWorld {
public:
  OdooWorld(std::uint64_t seed, Way way)
      : way_(way), servers_{std::make_unique<OdooSimulator>(options_of(seed, 0, way.major_version), clock_),
                            std::make_unique<OdooSimulator>(options_of(seed, 1, way.major_version), clock_)} {}

  testing::Reply answer(std::size_t account, const testing::SentRequest& request) override {
    const std::string key = revoked_.at(account) ? "key-that-was-revoked" : keys.at(account);
    auto sent = request;
    // As the manifest's auth says: XML-RPC has the key in the body.
    constexpr std::string_view placeholder = "{{secret:api_key}}";
    if (const auto at = sent.body.find(placeholder); at != std::string::npos) {
      sent.body.replace(at, placeholder.size(), key);
    }
    return ask(*servers_.at(account), sent, api, {{"Authorization", "bearer " + key}, {"User-Agent", "conformance"}});
  }
  [[nodiscard]] std::string config(std::size_t account) const override {
    return std::string(R"({"environment":"custom","baseUrl":")") + api + R"(","database":")" + databases.at(account) +
           R"(","login":"robot@acme.example","batchSize":10,"protocol":")" + way_.protocol + R"(","fullPass":")" +
           way_.full_pass + R"("})";
  }
  [[nodiscard]] std::string base_url() const override { return api; }
  [[nodiscard]] sdk::Timestamp now() const override {
    return servers_[0]->with_world([](const World& world) { return sdk::Timestamp(world.now()); });
  }

  void change(std::uint64_t seed) override {
    MutationCounts counts;
    counts.created = 2;
    counts.updated = 3;
    counts.archived = 1;
    counts.renamed_departments = 1;
    counts.changed_versions = 2;
    counts.same_second = seed % 2 == 0;
    if (seed % 2 != 0) {
      counts.model =
          "res.partner"; // so that of the employees it is positions alone that move, which have stamps of their own
    }
    static_cast<void>(servers_[0]->mutate(seed, counts));
  }
  void remove(std::uint64_t seed) override { static_cast<void>(servers_[0]->mutate(seed, {.deleted = 2})); }
  void revoke(std::size_t account) override { revoked_.at(account) = true; }
  [[nodiscard]] std::vector<std::string> undescribed_requests() const override {
    return undescribed_requests_of(servers_);
  }

private:
  Way way_;
  VirtualClock clock_{Timestamp(std::chrono::seconds(1'767'571'200))};
  std::array<std::unique_ptr<OdooSimulator>, 2> servers_;
  std::array<bool, 2> revoked_{};
};

testing::ConformanceProvider odoo(Way way) {
  // What another record is called changes without a stamp of the record that shows it: labels are as of its last change, and mappings take them from
  // the records themselves. That a related record was deleted leaves no stamp either, and full passes by stamps do not see it (docs/providers/odoo.md).
  const std::string varies = std::string(way.full_pass) == "changed" ? "_id/" : "_id/1";
  return {.name = "odoo",
          .plugin_file = plugin_of_this_build("odoo"),
          .manifest = manifest_of_the_sources("odoo"),
          .make_world = [way](std::uint64_t seed) { return std::make_unique<OdooWorld>(seed, way); },
          .objects = objects_without(manifest_of_the_sources("odoo"), [&varies](const std::string& pointer) {
            return pointer.find(varies) != std::string::npos || pointer == "/display_name";
          })};
}

} // namespace
} // namespace dovetail::test

DOVETAIL_CONFORMANCE(OdooByJson2, test::odoo({.protocol = "auto", .major_version = 19}))
DOVETAIL_CONFORMANCE(OdooByXmlRpc, test::odoo({.protocol = "xmlrpc", .major_version = 19}))
DOVETAIL_CONFORMANCE(OdooBefore19, test::odoo({.protocol = "auto", .major_version = 17}))
DOVETAIL_CONFORMANCE(OdooByStamps, test::odoo({.protocol = "auto", .major_version = 19, .full_pass = "changed"}))
