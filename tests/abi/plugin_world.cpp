// SPDX-License-Identifier: Apache-2.0
#include "tests/abi/plugin_world.hpp"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "dovetail/sdk/link.hpp"

namespace dovetail::plugin {

namespace {

std::filesystem::path build_folder() {
  const char* folder = std::getenv("DOVETAIL_BUILD_DIR"); // NOLINT(concurrency-mt-unsafe): nobody writes it
  if (folder == nullptr) {
    throw std::runtime_error("DOVETAIL_BUILD_DIR is not set: run this test through ctest");
  }
  return folder;
}

class ScriptedResponse final : public HttpResponse {
public:
  explicit ScriptedResponse(testing::Reply reply) : reply_(std::move(reply)), body_(reply_.body) {}
  [[nodiscard]] std::string_view bytes() const noexcept override { return body_.bytes(); }
  [[nodiscard]] int status() const noexcept override { return reply_.status; }
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept override {
    for (const auto& [key, value] : reply_.headers) {
      if (sdk::detail::equals_ignoring_case(key, name)) {
        return value;
      }
    }
    return std::nullopt;
  }
  [[nodiscard]] std::string_view url() const noexcept override { return reply_.url; }

private:
  testing::Reply reply_;
  OwnedBody body_;
};

} // namespace

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "dovetail-abi-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    throw std::runtime_error("no temporary folder");
  }
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path TemporaryFolder::write(std::string_view name, std::string_view bytes) const {
  auto file = path_ / name;
  std::ofstream(file, std::ios::binary) << bytes;
  return file;
}

std::string read_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::filesystem::path fixture(std::string_view name) {
  return build_folder() / "tests" / "abi" / "plugins" / (std::string(name) + ".so");
}

Result<std::shared_ptr<const HttpResponse>> ScriptedService::send(const HttpRequest& request, const Cancellation&) {
  testing::SentRequest sent;
  sent.method = request.method;
  sent.url = request.url;
  sent.body = request.body;
  sent.repeatable = request.repeatable;
  for (const auto& header : request.headers) {
    sent.headers.emplace_back(header.name, header.value);
  }
  auto reply = script.answer(sent);
  if (reply.error) {
    Error error;
    error.code = *error_code_from_number(static_cast<std::int32_t>(reply.error->code));
    error.message = reply.error->message;
    error.retry = static_cast<RetryClass>(reply.error->retry);
    error.retry_after = reply.error->retry_after;
    error.http_status = reply.error->http_status;
    return error;
  }
  if (reply.url.empty()) {
    reply.url = sent.url;
  }
  return std::shared_ptr<const HttpResponse>(std::make_shared<ScriptedResponse>(std::move(reply)));
}

void RecordingLogger::write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  LogEntry entry{level, std::string(message), {}};
  for (const auto& field : fields) {
    if (field.name == "tenant") {
      entry.tenant = std::get<std::string_view>(field.value);
    }
  }
  entries.push_back(std::move(entry));
}

Result<std::string> MapState::get(std::string_view key) {
  for (const auto& [known, value] : values) {
    if (known == key) {
      return value;
    }
  }
  return std::string();
}

Status RecordingSink::records(PageRecords told) {
  if (refusal) {
    return *refusal;
  }
  pages.push_back(std::move(told));
  return {};
}

Result<bool> RecordingSink::unchanged(std::string_view page_key) {
  stands.emplace_back(page_key);
  return knows_pages;
}

Status RecordingSink::set_state(std::string_view key, std::string_view value) {
  states.emplace_back(key, value);
  return {};
}

Status RecordingSink::finish(const PageEnd& told) {
  end = told;
  return {};
}

PluginWorld::PluginWorld(std::chrono::milliseconds probe_timeout, AbiVersion abi)
    : host({.folder = folder.path() / "plugins",
            .probe = {.program = build_folder() / "bin" / "dovetail-plugin-host",
                      .timeout = probe_timeout,
                      .abi = abi}}),
      clock(std::chrono::sys_days(std::chrono::year(2026) / 1 / 5)) {}

HostServices PluginWorld::services() {
  return {http,   state,    clock,
          logger, redactor, {.tenant = "acme", .provider = "sample", .connection = "main", .object = "user", .job = 7}};
}

Result<Plugin*> PluginWorld::load(std::string_view key, std::string_view fixture_name) {
  return host.load({.key = std::string(key), .file = fixture(fixture_name)});
}

} // namespace dovetail::plugin
