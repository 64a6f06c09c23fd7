// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/log.hpp"
#include "core/base/redact.hpp"
#include "core/plugin/owned_body.hpp"
#include "core/plugin/plugin_host.hpp"
#include "dovetail/testing/scripted_http.hpp"

namespace dovetail::plugin {

/// A folder of its own for one test, removed at its end.
class TemporaryFolder {
public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  TemporaryFolder(TemporaryFolder&&) = delete;
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  /// A file in it.
  [[nodiscard]] std::filesystem::path write(std::string_view name, std::string_view bytes) const;

private:
  std::filesystem::path path_;
};

[[nodiscard]] std::string read_file(const std::filesystem::path& file);
/// A plugin that this build made for the tests, or for users.
[[nodiscard]] std::filesystem::path fixture(std::string_view name);

/// HTTP as a script has it.
class ScriptedService final : public HttpService {
public:
  [[nodiscard]] Result<std::shared_ptr<const HttpResponse>> send(const HttpRequest& request,
                                                                 const Cancellation& cancellation) override;
  testing::ScriptedHttp script;
};

struct LogEntry {
  LogLevel level;
  std::string message;
  std::string tenant;
};

class RecordingLogger final : public Logger {
public:
  void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) override;
  std::vector<LogEntry> entries;
};

class MapState final : public StateReader {
public:
  [[nodiscard]] Result<std::string> get(std::string_view key) override;
  std::vector<std::pair<std::string, std::string>> values;
};

/// Keeps what it is told.
class RecordingSink final : public PageSink {
public:
  [[nodiscard]] Status records(PageRecords told) override;
  [[nodiscard]] Result<bool> unchanged(std::string_view page_key) override;
  [[nodiscard]] Status set_state(std::string_view key, std::string_view value) override;
  [[nodiscard]] Status finish(const PageEnd& told) override;

  std::vector<PageRecords> pages;
  std::vector<std::string> stands;
  std::vector<std::pair<std::string, std::string>> states;
  std::optional<PageEnd> end;
  bool knows_pages = false;
  std::optional<Error> refusal; ///< of records()
};

/// A plugin host with everything around it.
struct PluginWorld {
  explicit PluginWorld(std::chrono::milliseconds probe_timeout = std::chrono::seconds(30), AbiVersion abi = {});

  [[nodiscard]] HostServices services();
  /// The plugin of that file, by the key that it should have.
  [[nodiscard]] Result<Plugin*> load(std::string_view key, std::string_view fixture_name);

  TemporaryFolder folder;
  PluginHost host;
  ScriptedService http;
  MapState state;
  VirtualClock clock;
  RecordingLogger logger;
  Redactor redactor;
};

} // namespace dovetail::plugin
