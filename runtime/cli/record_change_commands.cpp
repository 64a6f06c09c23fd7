// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include <fmt/format.h>

#include "core/store/local_value.hpp"
#include "runtime/cli/app.hpp"
#include "runtime/cli/command.hpp"
#include "runtime/cli/output.hpp"
#include "runtime/cli/text_width.hpp"

namespace dovetail::cli {
namespace {

/// What both verbs have in common: whose record, and which.
class RecordChange : public Command {
public:
  Status check() override {
    const auto* const end = id_text_.data() + id_text_.size();
    const auto [stop, code] = std::from_chars(id_text_.data(), end, id_);
    if (code != std::errc() || stop != end || id_ <= 0) {
      return invalid_argument("the ID of a record is its number: `dovetail records MODEL --field id` lists them");
    }
    return {};
  }

  Result<ExitCode> run(App& app) override {
    DOVETAIL_TRY(const model::ModelRegistry* const models, app.models());
    const auto* const model = models->find(model_);
    if (model == nullptr) {
      return not_found(fmt::format("there is no local model \"{}\": `dovetail records` lists those there are", model_));
    }
    DOVETAIL_TRY(store::Database* const database, app.database_with_models());
    DOVETAIL_TRY(const store::TenantRecord tenant, app.tenant(tenant_));
    DOVETAIL_TRY(const store::LocalChange change, apply({*database, tenant.id}, *model, id_));
    app.logger().info(
        "a local value was changed",
        {{"tenant", tenant.name}, {"model", model_}, {"row", id_}, {"field", field_}, {"state", change.state}});
    tell(app.console(), tenant.name, change);
    return ExitCode::ok;
  }

protected:
  void declare_record(Options& options) {
    options.positional("MODEL", model_, "A local model, e.g. project")->required();
    options.positional("ID", id_text_, "The record's number, as `records MODEL --field id` lists it")->required();
    options.value("tenant", tenant_, "NAME", "Whose record")->required();
  }
  void declare_json(Options& options) { json_.declare(options); }

  [[nodiscard]] virtual Result<store::LocalChange> apply(const store::TenantScope& scope, const model::Model& model,
                                                         std::int64_t id) = 0;
  std::string field_;

private:
  void tell(Console& console, const std::string& tenant, const store::LocalChange& change) const {
    if (json_.json) {
      json::Writer writer(json::Layout::pretty);
      const auto text = [&writer](std::string_view name, const std::optional<std::string>& value) {
        writer.key(name);
        value ? writer.value(*value) : writer.null();
      };
      writer.begin_object()
          .member("tenant", tenant)
          .member("model", model_)
          .member("id", id_text_)
          .member("field", field_);
      text("before", change.before);
      text("after", change.after);
      text("source", change.source);
      writer.member("policy", to_string(change.policy)).member("state", change.state).end_object();
      console.say_json(std::move(writer));
      return;
    }
    const auto shown = [](const std::optional<std::string>& value) {
      return value ? "\"" + printable(*value) + "\"" : std::string("empty");
    };
    console.say(fmt::format("{} of {} {} of {}: {}, before {}; the provider says {} ({}).", field_, model_, id_text_,
                            tenant, shown(change.after), shown(change.before), shown(change.source), change.state));
    if (change.policy == model::PolicyKind::follow_source && change.after != change.source) {
      console.note(
          "By its policy, follow_source, the next sync copies the provider's value again. A rule can change that.");
    }
  }

  std::string model_;
  std::string id_text_;
  std::int64_t id_ = 0;
  std::string tenant_;
  JsonOption json_;
};

class RecordSet final : public RecordChange {
public:
  void declare(Options& options) override {
    declare_record(options);
    options.positional("SETTING", setting_, "FIELD=VALUE: the field and its new value; FIELD= alone empties it")
        ->required();
    declare_json(options);
  }

  Status check() override {
    DOVETAIL_TRY_STATUS(RecordChange::check());
    const auto equals = setting_.find('=');
    if (equals == std::string::npos || equals == 0) {
      return invalid_argument("what is to be set takes a field, '=', and a value");
    }
    field_ = setting_.substr(0, equals);
    if (equals + 1 < setting_.size()) {
      value_ = setting_.substr(equals + 1);
    }
    return {};
  }

protected:
  Result<store::LocalChange> apply(const store::TenantScope& scope, const model::Model& model,
                                   std::int64_t id) override {
    return store::set_local_value(scope, model, id, field_, value_);
  }

private:
  std::string setting_;
  std::optional<std::string> value_;
};

class RecordReset final : public RecordChange {
public:
  void declare(Options& options) override {
    declare_record(options);
    options.positional("FIELD", field_, "The field that is to have the provider's value again")->required();
    declare_json(options);
  }

protected:
  Result<store::LocalChange> apply(const store::TenantScope& scope, const model::Model& model,
                                   std::int64_t id) override {
    return store::reset_local_value(scope, model, id, field_);
  }
};

} // namespace

std::vector<CommandSpec> record_change_commands() {
  return {command<RecordSet>("record set", "Changes a field that is ours, beside the provider's value",
                             "record set --tenant acme project 7342 client=Globex"),
          command<RecordReset>("record reset", "Gives such a field the provider's value again",
                               "record reset --tenant acme project 7342 client")};
}

} // namespace dovetail::cli
