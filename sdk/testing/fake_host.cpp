// SPDX-License-Identifier: Apache-2.0
#include "dovetail/testing/fake_host.hpp"

#include <dlfcn.h>

#include <array>

#include "fake_call.hpp"

namespace dovetail::testing {

using sdk::detail::slice;
using sdk::detail::view;

namespace {

/// A bounded loop's last page, when the plugin never comes to an end.
[[nodiscard]] sdk::Error endless(std::size_t pages) {
  return sdk::make_error(sdk::Code::out_of_range,
                         "the source is not exhausted after " + std::to_string(pages) + " pages");
}

[[nodiscard]] sdk::Status check(const dvt_plugin_descriptor* descriptor, std::uint16_t host_minor) {
  const auto refuse = [](std::string reason) {
    return sdk::make_error(sdk::Code::failed_precondition, std::move(reason));
  };
  if (descriptor == nullptr) {
    return refuse("dvt_plugin_query returned NULL");
  }
  if (descriptor->struct_size < sizeof(dvt_plugin_descriptor)) {
    return refuse("the descriptor's struct_size is too small");
  }
  if (descriptor->abi_major != DVT_ABI_MAJOR || descriptor->abi_minor > host_minor) {
    return refuse("the plugin was built for another ABI");
  }
  if (descriptor->create == nullptr || descriptor->destroy == nullptr || descriptor->get_capability == nullptr) {
    return refuse("a function of the descriptor is NULL");
  }
  return {};
}

} // namespace

std::vector<std::string> RecordedPage::all_records() const {
  std::vector<std::string> all;
  for (const auto& part : records) {
    all.insert(all.end(), part.records.begin(), part.records.end());
  }
  return all;
}

FakeHost::FakeHost(dvt_plugin_query_fn query)
    : query_(query), now_(std::chrono::sys_days(std::chrono::year(2026) / 1 / 5) + std::chrono::hours(9)) {
  host_.base.abi_major = DVT_ABI_MAJOR;
  host_.base.host = this;
  host_.base.get_capability = &FakeCall::capability;
  pretend_minor(DVT_ABI_MINOR);
}

void FakeHost::pretend_minor(std::uint16_t minor) {
  minor_ = minor;
  host_.base.struct_size = Grown<dvt_host>::size(minor);
  host_.base.abi_minor = minor;
  descriptor_ = query_(DVT_ABI_MAJOR, minor);
}

FakeHost::~FakeHost() {
  if (instance_ != nullptr) {
    descriptor_->destroy(instance_);
  }
}

sdk::Result<std::unique_ptr<FakeHost>> FakeHost::open(const std::string& file) {
  void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* symbol = library == nullptr ? nullptr : ::dlsym(library, DVT_PLUGIN_QUERY_SYMBOL);
  if (symbol == nullptr) {
    const char* reason = ::dlerror(); // NOLINT(concurrency-mt-unsafe): the fake host is for one thread
    return sdk::make_error(sdk::Code::failed_precondition,
                           file + " is no plugin: " + (reason == nullptr ? "" : reason));
  }
  // POSIX says that what dlsym returns can be called; the language has no safe way to say so.
  return std::make_unique<FakeHost>(reinterpret_cast<dvt_plugin_query_fn>(symbol)); // NOLINT
}

sdk::Status FakeHost::create(std::string_view config, std::string_view settings, std::string_view base_url) {
  DVT_TRY_STATUS(check(descriptor_, minor_));
  if (instance_ != nullptr) {
    descriptor_->destroy(instance_);
    instance_ = nullptr;
  }
  sync_ = static_cast<const dvt_sync*>(descriptor_->get_capability(slice(DVT_SYNC_ID)));
  discovery_ = static_cast<const dvt_discovery*>(descriptor_->get_capability(slice(DVT_DISCOVERY_ID)));
  action_ = static_cast<const dvt_action*>(descriptor_->get_capability(slice(DVT_ACTION_ID)));
  FakeCall call(*this);
  call.forbid_http();
  Grown<dvt_create_args> grown;
  auto& args = grown.base;
  args.struct_size = Grown<dvt_create_args>::size(minor_);
  args.config = slice(config);
  args.settings = slice(settings);
  args.base_url = slice(base_url);
  const dvt_code code = descriptor_->create(&host_.base, &args, call.raw(), &instance_);
  if (code == DVT_OK && instance_ == nullptr) {
    return sdk::make_error(sdk::Code::internal, "create succeeded without an instance");
  }
  return call.outcome(code);
}

RecordedPage FakeHost::read_page(const PageRequest& request) {
  if (instance_ == nullptr || sync_ == nullptr || !DVT_HAS(sync_, dvt_sync, read_page)) {
    RecordedPage page;
    page.status =
        sdk::make_error(sdk::Code::failed_precondition, "call create() first, of a plugin that offers " DVT_SYNC_ID);
    return page;
  }
  std::vector<dvt_slice> fields;
  fields.reserve(request.fields.size());
  for (const auto& field : request.fields) {
    fields.push_back(slice(field));
  }
  Grown<dvt_read_request> grown;
  auto& raw = grown.base;
  raw.struct_size = Grown<dvt_read_request>::size(minor_);
  if (request.full) {
    raw.flags |= DVT_READ_FULL;
  }
  if (request.fresh) {
    raw.flags |= DVT_READ_FRESH;
  }
  raw.object = slice(request.object);
  raw.cursor = slice(request.cursor);
  raw.since_us = request.since ? request.since->time_since_epoch().count() : DVT_NO_TIME;
  raw.filters = slice(request.filters);
  raw.parents = slice(request.parents);
  raw.fields = fields.data();
  raw.field_count = fields.size();
  FakeCall call(*this);
  call.expect_finish();
  if (request.fresh) {
    call.fresh();
  }
  const dvt_code code = sync_->read_page(instance_, call.raw(), &raw, call.sink());
  call.close();
  RecordedPage page = std::move(call.page());
  page.status = call.outcome(code);
  if (page.status.ok() && !page.exhausted && page.next_cursor == request.cursor) {
    page.status =
        sdk::make_error(sdk::Code::internal, "the plugin broke a rule of the ABI: the cursor does not move on");
  }
  if (page.status.ok()) {
    for (const auto& [key, value] : page.state) {
      if (value.empty()) {
        state_.erase(key);
      } else {
        state_[key] = value;
      }
    }
    for (const auto& part : page.records) {
      if (!part.page_key.empty()) {
        page_keys_.insert(part.page_key);
      }
    }
  }
  return page;
}

std::vector<RecordedPage> FakeHost::read_all(PageRequest request, std::size_t max_pages) {
  std::vector<RecordedPage> pages;
  while (pages.size() < max_pages) {
    pages.push_back(read_page(request));
    if (!pages.back().status.ok() || pages.back().exhausted) {
      return pages;
    }
    request.cursor = pages.back().next_cursor;
  }
  if (!pages.empty()) {
    pages.back().status = endless(max_pages);
  }
  return pages;
}

ConnectionTest FakeHost::test_connection() {
  if (instance_ == nullptr || sync_ == nullptr || !DVT_HAS(sync_, dvt_sync, test_connection)) {
    return {
        sdk::make_error(sdk::Code::failed_precondition, "call create() first, of a plugin that offers " DVT_SYNC_ID),
        {}};
  }
  FakeCall call(*this);
  ConnectionTest test;
  const auto take = [](void* context, dvt_slice json) noexcept { *static_cast<std::string*>(context) = view(json); };
  const dvt_code code = sync_->test_connection(instance_, call.raw(), take, &test.findings);
  test.status = call.outcome(code);
  if (test.status.ok() && !test.findings.empty() && !JsonTree::parse(test.findings).ok()) {
    test.status = sdk::make_error(sdk::Code::internal, "the plugin broke a rule of the ABI: its findings are not JSON");
  }
  return test;
}

} // namespace dovetail::testing
