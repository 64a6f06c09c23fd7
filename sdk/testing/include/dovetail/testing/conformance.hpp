// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dovetail/abi/plugin.h"
#include "dovetail/sdk/error.hpp"
#include "dovetail/sdk/time.hpp"
#include "dovetail/testing/scripted_http.hpp"

namespace dovetail::testing {

/// A value of a record as a mapping takes it.
struct ValueSource {
  enum class Kind : std::uint8_t { pointer, page_constant, constant };
  Kind kind = Kind::pointer;
  std::string text; ///< a JSON pointer, a constant's name, or a text
};

/// A record that only says that another one is gone, as a list of deletions has it: a value that is one of these.
struct GoneSign {
  ValueSource from;
  std::vector<std::string> values; ///< JSON
};

/// What the laws must know of an object: mostly what its manifest says.
struct ConformanceObject {
  std::string key;
  std::vector<ValueSource> external_id; ///< their texts, one behind the other, name a record
  std::vector<std::string> fields;      ///< pointers that the mapping may ask for: what is compared
  bool delta = false;
  bool sweeps = false; ///< what a complete full pass did not see is gone
  std::chrono::seconds overlap{0};
  std::string parent = {};      ///< key of the object above
  bool changed_parents = false; ///< only below parents that changed
  std::size_t batch = 1;
  /// What the plugin is told of each parent: name -> where it stands in the parent's record.
  std::vector<std::pair<std::string, ValueSource>> parent_fields = {};
  std::optional<GoneSign> gone_when = {};
};

/// The objects of a manifest's text, parents first. Errors (invalid_argument): no manifest, or a source of an external id or a parent's field
/// that is neither a pointer, a page constant, a constant nor a `concat` of those, or a `goneWhen` that is no comparison of such a source by `equals`
/// or `in`: then write the objects by hand.
[[nodiscard]] sdk::Result<std::vector<ConformanceObject>> objects_of_manifest(std::string_view manifest);

/// The simulated provider of one law, written by the plugin's author: a small world (some tens of requests a pass) that answers requests
/// as the real one does and can be changed. The same seed and the same changes give the same world. For one thread.
class ConformanceWorld {
public:
  ConformanceWorld() = default;
  ConformanceWorld(const ConformanceWorld&) = delete;
  ConformanceWorld& operator=(const ConformanceWorld&) = delete;
  ConformanceWorld(ConformanceWorld&&) = delete;
  ConformanceWorld& operator=(ConformanceWorld&&) = delete;
  virtual ~ConformanceWorld() = default;

  /// The answer to a request of that account (0 or 1), sent with its credentials and the manifest's headers as the host sends them.
  [[nodiscard]] virtual Reply answer(std::size_t account, const SentRequest& request) = 0;
  /// The connection's config of an account. The two accounts hold different records.
  [[nodiscard]] virtual std::string config(std::size_t account) const = 0;
  [[nodiscard]] virtual std::string base_url() const = 0;
  /// The provider's time, which the host's clock follows.
  [[nodiscard]] virtual sdk::Timestamp now() const = 0;
  /// Adds and changes records of all objects, such as a delta finds out; some with equal timestamps. Removes some of the objects whose manifest
  /// has `goneWhen`.
  virtual void change(std::uint64_t seed) = 0;
  /// Removes some records of the objects whose manifest says "deletions": "full_pass".
  virtual void remove(std::uint64_t seed) = 0;
  /// From now on the account's credentials are refused.
  virtual void revoke(std::size_t account) = 0;
  /// Requests that the provider's documentation does not describe.
  [[nodiscard]] virtual std::vector<std::string> undescribed_requests() const = 0;
};

/// A plugin and how to make a world for it.
struct ConformanceProvider {
  std::string name;                    ///< letters and digits, for the tests' names
  std::string plugin_file;             ///< the shared object as it is shipped; or else:
  dvt_plugin_query_fn query = nullptr; ///< a plugin that is linked into the test
  std::string manifest;                ///< its text
  std::function<std::unique_ptr<ConformanceWorld>(std::uint64_t seed)> make_world;
  /// Empty: those of the manifest.
  std::vector<ConformanceObject> objects = {};
};

/// Something that holds for every plugin.
struct ConformanceLaw {
  std::string_view name; ///< snake_case
  /// What is wrong, for people; empty when the law holds.
  std::vector<std::string> (*check)(const ConformanceProvider& provider);
};

[[nodiscard]] const std::vector<ConformanceLaw>& conformance_laws();

} // namespace dovetail::testing
