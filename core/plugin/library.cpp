// SPDX-License-Identifier: Apache-2.0
#include "core/plugin/library.hpp"

#include <dlfcn.h>

#include <exception>
#include <utility>

#include <boost/dll/shared_library.hpp>
#include <fmt/format.h>

namespace dovetail::plugin {

struct Library::State {
  boost::dll::shared_library library;
};

Library::Library(std::unique_ptr<State> state, dvt_plugin_query_fn function) noexcept
    : state_(std::move(state)), query_(function) {}
Library::Library(Library&&) noexcept = default;
Library& Library::operator=(Library&&) noexcept = default;
Library::~Library() = default;

Result<Library> Library::open(std::string_view name, const std::filesystem::path& file) {
  using boost::dll::load_mode::type;
  try {
    // RTLD_NODELETE makes the close in shared_library's destructor do nothing.
    const auto mode =
        static_cast<type>(boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local | RTLD_NODELETE);
    auto state = std::make_unique<State>();
    state->library.load(boost::dll::fs::path(file.string()), mode);
    if (!state->library.has(DVT_PLUGIN_QUERY_SYMBOL)) {
      return failed_precondition(
          fmt::format("{} is a shared object, but no plugin: it does not export " DVT_PLUGIN_QUERY_SYMBOL
                      ". Use DOVETAIL_PLUGIN() in one of its sources and link it with dovetail_add_plugin()",
                      name));
    }
    using Function = const dvt_plugin_descriptor*(std::uint32_t, std::uint32_t) noexcept;
    auto& query = state->library.get<Function>(DVT_PLUGIN_QUERY_SYMBOL);
    return Library(std::move(state), &query);
  } catch (const std::exception& problem) {
    return failed_precondition(
        fmt::format("{} cannot be opened: {}. Install what it needs, or a build of the plugin for this system", name,
                    problem.what()));
  }
}

} // namespace dovetail::plugin
