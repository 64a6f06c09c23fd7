// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "dovetail/abi/action.h"
#include "dovetail/abi/discovery.h"
#include "dovetail/abi/plugin.h"
#include "dovetail/abi/sync.h"
#include "dovetail/sdk/action.hpp"
#include "dovetail/sdk/context.hpp"
#include "dovetail/sdk/discovery.hpp"
#include "dovetail/sdk/error.hpp"
#include "dovetail/sdk/provider.hpp"
#include "dovetail/sdk/services.hpp"

/// The ABI's opaque instance, as every plugin of this SDK fills it.
struct dvt_instance {
  dovetail::sdk::detail::Services services;
  std::unique_ptr<dovetail::sdk::Provider> provider;
  // The same object, as what else it is; nullptr where it is not.
  dovetail::sdk::Discovery* discovery = nullptr;
  dovetail::sdk::Actions* actions = nullptr;
};

namespace dovetail::sdk::detail {

/// The smallest minor number whose functions this SDK cannot do without.
inline constexpr std::uint16_t needed_abi_minor = 0;

/// Runs `work` (-> Status) for the host: nothing gets past here but a code.
template <typename Work> [[nodiscard]] dvt_code guard(const dvt_call* call, Work&& work) noexcept {
  const auto fail = [call](Code code, std::string_view message) noexcept {
    dvt_error* error = call->error;
    error->retry_class = DVT_RETRY_NEVER;
    error->set_message(error, slice(message));
    return static_cast<dvt_code>(code);
  };
  try {
    const Status status = std::forward<Work>(work)();
    return status.ok() ? DVT_OK : tell(call, status.error());
  } catch (const std::bad_alloc&) {
    return fail(Code::resource_exhausted, "the plugin ran out of memory");
  } catch (const std::exception& exception) {
    try {
      return fail(Code::internal,
                  "the plugin threw an exception, which is a mistake in the plugin: " + std::string(exception.what()));
    } catch (...) {
      return fail(Code::internal, "the plugin threw an exception, which is a mistake in the plugin");
    }
  } catch (...) {
    return fail(Code::internal,
                "the plugin threw something that is no std::exception, which is a mistake in the plugin");
  }
}

template <typename Self>
[[nodiscard]] Result<std::unique_ptr<Self>> make_provider(Context& context, const Config& config) {
  if constexpr (requires { Self::create(context, config); }) {
    static_assert(std::is_same_v<decltype(Self::create(context, config)), Result<std::unique_ptr<Self>>>,
                  "create(Context&, const Config&) gives a Result<std::unique_ptr<Self>>");
    return Self::create(context, config);
  } else {
    static_assert(std::constructible_from<Self, const Config&>,
                  "a provider needs a constructor (const Config&) or a static create(Context&, const Config&)");
    return std::make_unique<Self>(config);
  }
}

template <std::derived_from<Provider> Self>
dvt_code create(const dvt_host* host, const dvt_create_args* args, const dvt_call* call, dvt_instance** out) noexcept {
  return guard(call, [&]() -> Status {
    DVT_TRY(auto services, fetch_services(host));
    auto instance = std::make_unique<dvt_instance>();
    instance->services = services;
    Context context(call, instance->services);
    const Config config{view(args->config), view(args->settings), view(args->base_url)};
    DVT_TRY(std::unique_ptr<Self> provider, make_provider<Self>(context, config));
    if constexpr (std::derived_from<Self, Discovery>) {
      instance->discovery = provider.get();
    }
    if constexpr (std::derived_from<Self, Actions>) {
      instance->actions = provider.get();
    }
    instance->provider = std::move(provider);
    *out = instance.release();
    return {};
  });
}

inline void destroy(dvt_instance* instance) noexcept { delete instance; } // NOLINT(cppcoreguidelines-owning-memory)

inline dvt_code read_page(dvt_instance* instance, const dvt_call* call, const dvt_read_request* request,
                          const dvt_page_sink* sink) noexcept {
  return guard(call, [&]() -> Status {
    ReadRequest wanted;
    wanted.object = view(request->object);
    wanted.cursor = view(request->cursor);
    if (request->since_us != DVT_NO_TIME) {
      wanted.since = Timestamp(std::chrono::microseconds(request->since_us));
    }
    wanted.filters = view(request->filters);
    wanted.parents = view(request->parents);
    wanted.fields.reserve(static_cast<std::size_t>(request->field_count));
    for (std::uint64_t i = 0; i < request->field_count; ++i) {
      wanted.fields.push_back(view(request->fields[i]));
    }
    wanted.full = (request->flags & DVT_READ_FULL) != 0;
    wanted.fresh = (request->flags & DVT_READ_FRESH) != 0;
    Context context(call, instance->services);
    Page page(call, sink);
    return instance->provider->read_page(context, wanted, page);
  });
}

inline dvt_code test_connection(dvt_instance* instance, const dvt_call* call, dvt_report report,
                                void* target) noexcept {
  return guard(call, [&]() -> Status {
    Context context(call, instance->services);
    Report findings(report, target);
    return instance->provider->test_connection(context, findings);
  });
}

inline dvt_code discover(dvt_instance* instance, const dvt_call* call, const dvt_discover_request* request,
                         const dvt_field_sink* sink) noexcept {
  return guard(call, [&]() -> Status {
    Context context(call, instance->services);
    Fields fields(call, sink);
    return instance->discovery->discover(context, view(request->object), fields);
  });
}

inline dvt_code invoke(dvt_instance* instance, const dvt_call* call, const dvt_action_request* request,
                       const dvt_action_sink* sink) noexcept {
  return guard(call, [&]() -> Status {
    ActionRequest wanted;
    wanted.action = view(request->action);
    wanted.input = view(request->input);
    wanted.idempotency_key = view(request->idempotency_key);
    wanted.repeated = (request->flags & DVT_ACTION_REPEATED) != 0;
    Context context(call, instance->services);
    ActionResult result(call, sink);
    return instance->actions->invoke(context, wanted, result);
  });
}

inline constexpr dvt_sync sync_table{sizeof(dvt_sync), 0, &read_page, &test_connection};
inline constexpr dvt_discovery discovery_table{sizeof(dvt_discovery), 0, &discover};
inline constexpr dvt_action action_table{sizeof(dvt_action), 0, &invoke};

/// The table of a capability that the provider's class has.
template <std::derived_from<Provider> Self> const void* get_capability(dvt_slice id) noexcept {
  if (view(id) == DVT_SYNC_ID) {
    return &sync_table;
  }
  if constexpr (std::derived_from<Self, Discovery>) {
    if (view(id) == DVT_DISCOVERY_ID) {
      return &discovery_table;
    }
  }
  if constexpr (std::derived_from<Self, Actions>) {
    if (view(id) == DVT_ACTION_ID) {
      return &action_table;
    }
  }
  return nullptr;
}

template <std::derived_from<Provider> Self>
[[nodiscard]] constexpr dvt_plugin_descriptor describe(std::string_view key, std::string_view version) noexcept {
  return {sizeof(dvt_plugin_descriptor),
          DVT_ABI_MAJOR,
          needed_abi_minor,
          slice(key),
          slice(version),
          &create<Self>,
          &destroy,
          &get_capability<Self>};
}

} // namespace dovetail::sdk::detail

/// Makes `ProviderType` the plugin of this shared object: `key` is the provider key of its manifest, `version` the plugin's own
/// semver. Once per shared object, outside any namespace.
#define DOVETAIL_PLUGIN(key, version, ProviderType)                                                                    \
  extern "C" DVT_EXPORT const dvt_plugin_descriptor* dvt_plugin_query(std::uint32_t, std::uint32_t) noexcept;          \
  extern "C" const dvt_plugin_descriptor* dvt_plugin_query(std::uint32_t, std::uint32_t) noexcept {                    \
    static constexpr dvt_plugin_descriptor descriptor = ::dovetail::sdk::detail::describe<ProviderType>(key, version); \
    return &descriptor;                                                                                                \
  }
