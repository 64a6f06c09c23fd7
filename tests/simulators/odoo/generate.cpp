// SPDX-License-Identifier: Apache-2.0
// How a world comes about, and what is written into it later.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "tests/simulators/odoo/world.hpp"
#include "tests/simulators/words.hpp"

namespace dovetail::simulators::odoo {
namespace {

enum Kind : std::uint64_t { kind_record = 1, kind_stamp, kind_mutation };

/// A record of the model that exists, or nothing.
Value some(const World& world, std::string_view model, Seeded& choices, double share = 1) {
  const auto* const table = world.table(model);
  if (table == nullptr || table->records.empty() || !choices.chance(share)) {
    return {};
  }
  // Ids have gaps: the first at or behind a chosen one.
  const auto first = table->records.begin()->first;
  const auto last = table->records.rbegin()->first;
  const auto wanted = first + static_cast<std::int64_t>(choices.below(static_cast<std::uint64_t>(last - first + 1)));
  return table->records.lower_bound(wanted)->first;
}

Value maybe(Seeded& choices, double share, Value value) { return choices.chance(share) ? std::move(value) : Value(); }

Value day(Seeded& choices) { return fmt::format("2026-{:02}-{:02}", choices.between(1, 12), choices.between(1, 28)); }

Value moment(Seeded& choices) {
  return fmt::format("{} {:02}:{:02}:{:02}", day(choices).text, choices.between(0, 23), choices.between(0, 59),
                     choices.between(0, 59));
}

Value several(const World& world, std::string_view model, Seeded& choices) {
  std::vector<Value> ids;
  for (auto count = choices.below(3); count > 0; --count) {
    const auto id = some(world, model, choices);
    if (!id.is(Value::Kind::none) && std::find(ids.begin(), ids.end(), id) == ids.end()) {
      ids.push_back(id);
    }
  }
  return ids;
}

Value::Members department(const World& world, Seeded& choices) {
  return {{"name", words::thing(choices) + " " + words::place(choices)},
          {"parent_id", some(world, "hr.department", choices, 0.7)},
          {"manager_id", some(world, "hr.employee", choices, 0.5)},
          {"company_id", some(world, "res.company", choices, 0.9)}};
}

Value::Members job(const World& world, Seeded& choices) {
  return {{"name", words::adjective(choices) + " " + words::thing(choices)},
          {"department_id", some(world, "hr.department", choices, 0.6)},
          {"company_id", some(world, "res.company", choices, 0.9)},
          {"description", maybe(choices, 0.5, "<p>" + words::sentence(choices) + "</p>")},
          {"sequence", static_cast<std::int64_t>(choices.below(100))}};
}

Value::Members employee(const World& world, Seeded& choices) {
  const auto first = words::first_name(choices);
  const auto last = words::last_name(choices);
  return {{"name", first + " " + last},
          {"work_email", maybe(choices, 0.8, words::plain(first) + "." + words::plain(last) + "@acme.example")},
          {"work_phone", maybe(choices, 0.4, fmt::format("+1 555 {:04}", choices.below(10'000)))},
          {"mobile_phone", maybe(choices, 0.4, fmt::format("+1 556 {:04}", choices.below(10'000)))},
          {"job_title", maybe(choices, 0.7, words::thing(choices))},
          {"job_id", some(world, "hr.job", choices, 0.8)},
          {"department_id", some(world, "hr.department", choices, 0.9)},
          {"parent_id", some(world, "hr.employee", choices, 0.7)},
          {"user_id", some(world, "res.users", choices, 0.3)},
          {"company_id", some(world, "res.company", choices)},
          {"employee_type", "employee"}};
}

Value::Members partner(const World& world, Seeded& choices) {
  const bool company = choices.chance(0.3);
  const auto name = company ? words::title(choices) : words::first_name(choices) + " " + words::last_name(choices);
  return {{"name", name},
          {"email", maybe(choices, 0.7, "p" + std::to_string(choices.below(1'000'000)) + "@example.com")},
          {"phone", maybe(choices, 0.5, fmt::format("(623)-853-{:04}", choices.below(10'000)))},
          {"is_company", company},
          {"parent_id", company ? Value() : some(world, "res.partner", choices, 0.5)},
          {"type", "contact"},
          {"street", maybe(choices, 0.6, words::sentence(choices))},
          {"city", maybe(choices, 0.6, words::place(choices))},
          {"zip", maybe(choices, 0.6, fmt::format("{:05}", choices.below(100'000)))},
          {"country_id", some(world, "res.country", choices, 0.8)},
          {"vat", maybe(choices, 0.2, fmt::format("BE{:010}", choices.below(10'000'000'000ULL)))},
          {"ref", maybe(choices, 0.2, fmt::format("R{}", choices.below(100'000)))},
          {"category_id", several(world, "res.partner.category", choices)},
          {"user_id", some(world, "res.users", choices, 0.3)},
          {"lang", "en_US"},
          {"partner_latitude", static_cast<double>(choices.below(180)) / 2}};
}

Value::Members project(const World& world, Seeded& choices) {
  static constexpr const char* statuses[] = {"on_track", "at_risk", "off_track", "on_hold", "to_define", "done"};
  return {{"name", words::title(choices)},
          {"description", maybe(choices, 0.5, "<p>" + words::sentence(choices) + "</p>\r\n<br>")},
          {"user_id", some(world, "res.users", choices, 0.7)},
          {"partner_id", some(world, "res.partner", choices, 0.6)},
          {"company_id", some(world, "res.company", choices, 0.7)},
          {"date_start", maybe(choices, 0.5, day(choices))},
          {"date", maybe(choices, 0.5, day(choices))},
          {"stage_id", some(world, "project.project.stage", choices)},
          {"last_update_status", std::string(choices.pick(statuses))},
          {"tag_ids", several(world, "project.tags", choices)},
          {"is_template", choices.chance(0.1)}};
}

Value::Members task(const World& world, Seeded& choices) {
  static constexpr const char* states[] = {"01_in_progress", "02_changes_requested", "03_approved", "1_done",
                                           "1_canceled"};
  return {{"name", words::title(choices)},
          {"description", maybe(choices, 0.3, "<p>" + words::markdown(choices, 1) + "</p>")},
          {"project_id", some(world, "project.project", choices, 0.9)},
          {"parent_id", some(world, "project.task", choices, 0.2)},
          {"stage_id", some(world, "project.task.type", choices, 0.9)},
          {"state", std::string(choices.pick(states))},
          {"user_ids", several(world, "res.users", choices)},
          {"partner_id", some(world, "res.partner", choices, 0.3)},
          {"tag_ids", several(world, "project.tags", choices)},
          {"priority", choices.chance(0.2) ? "1" : "0"},
          {"date_deadline", maybe(choices, 0.4, moment(choices))},
          {"date_last_stage_update", moment(choices)},
          {"allocated_hours", static_cast<double>(choices.below(200)) / 4},
          {"planned_hours", static_cast<double>(choices.below(200)) / 4}};
}

} // namespace

Value::Members invented_values(const World& world, std::string_view model, std::uint64_t key) {
  Seeded choices(key);
  Value::Members values;
  if (model == "hr.department") {
    values = department(world, choices);
  } else if (model == "hr.job") {
    values = job(world, choices);
  } else if (model == "hr.employee") {
    values = employee(world, choices);
  } else if (model == "res.partner") {
    values = partner(world, choices);
  } else if (model == "project.project") {
    values = project(world, choices);
  } else if (model == "project.task") {
    values = task(world, choices);
  } else {
    values = {{"name", words::thing(choices) + " " + std::to_string(choices.below(1000))}};
  }
  std::erase_if(values, [&](const auto& member) { return world.table(model)->spec.field(member.first) == nullptr; });
  return values;
}

Value::Members changed_values(const World& world, std::string_view model, std::uint64_t key) {
  Seeded choices(key);
  const auto fresh = invented_values(world, model, choices.next());
  // The place in a hierarchy stays: it must not become a circle.
  Value::Members values;
  for (const auto& [name, value] : fresh) {
    if (name != "parent_id" && name != "is_template" && (name == "name" || choices.chance(0.3))) {
      values.emplace_back(name, value);
    }
  }
  return values;
}

/// Fills a world; its friend.
class Generator {
public:
  explicit Generator(World& world) : world_(world), options_(world.options_) {}

  void run() {
    for (auto& spec : models_of(options_.major_version)) {
      auto name = spec.name;
      world_.tables_.emplace(std::move(name), Table{.spec = std::move(spec), .records = {}, .next_id = 1});
    }
    world_.tables_.at("res.partner").next_id = options_.first_partner_id;
    for (const auto* const model :
         {"res.company", "res.country", "res.country.state", "res.partner.category", "project.project.stage",
          "project.task.type", "project.milestone", "project.tags"}) {
      fill(model, 4);
    }
    for (int i = 1; i <= 3; ++i) {
      world_.create(
          "res.users",
          {{"name", fmt::format("User {}", i)}, {"login", fmt::format("user{}@acme.example", i)}, {"company_id", 1}});
    }
    fill("res.partner", options_.partners);
    fill("hr.department", options_.departments);
    fill("hr.job", options_.jobs);
    fill("hr.employee", options_.employees);
    fill("project.project", options_.projects);
    fill("project.task", options_.tasks);
    place_children_before_parents();
    stamp();
  }

private:
  void fill(std::string_view model, int count) {
    for (int i = 0; i < count; ++i) {
      world_.create(model, invented_values(world_, model, key_of(options_.seed, kind_record, hash_text(model), i)));
    }
  }

  /// In real databases a department may lie below one that was made later: its id is the smaller one.
  void place_children_before_parents() {
    const auto all = world_.ids("hr.department");
    if (all.size() >= 2) {
      world_.write("hr.department", all.back(), {{"parent_id", Value()}});
      world_.write("hr.department", all.front(), {{"parent_id", all.back()}});
    }
  }

  /// A history that ends at the epoch, and a share of archived records.
  void stamp() {
    constexpr std::int64_t history_s = std::int64_t{400} * 86'400;
    for (auto& [model, table] : world_.tables_) {
      const bool synced = std::find(synced_models().begin(), synced_models().end(), model) != synced_models().end();
      for (auto& [id, record] : table.records) {
        Seeded choices(key_of(options_.seed, kind_stamp, hash_text(model), id));
        record.created = options_.epoch - std::chrono::seconds(choices.between(1, history_s));
        const auto age = std::chrono::duration_cast<std::chrono::seconds>(Timestamp(options_.epoch) - record.created);
        record.written = record.created + std::chrono::seconds(choices.below(static_cast<std::uint64_t>(age.count()))) +
                         std::chrono::microseconds(choices.below(1'000'000));
        if (synced && choices.chance(0.08)) {
          record.values["active"] = false;
        }
      }
    }
  }

  World& world_;
  const WorldOptions& options_;
};

World::World(WorldOptions options) : options_(std::move(options)), now_(options_.epoch) { Generator(*this).run(); }

MutationCounts World::mutate(std::uint64_t seed, const MutationCounts& counts) {
  now_ += counts.advance;
  const auto arrived = now_;
  now_ -= counts.stamped_earlier;
  MutationCounts done;
  Seeded choices(key_of(options_.seed, kind_mutation, seed));
  const auto tick = [&] { now_ += std::chrono::microseconds(counts.same_second ? 1 : 1'250'000); };
  const auto pick = [&](const std::string& model) -> std::int64_t {
    const auto all = ids(model);
    return all.empty() ? 0 : all[choices.below(all.size())];
  };
  const auto each_model = [&](int times, int& counted, auto change) {
    for (const auto& model : synced_models()) {
      for (int i = 0; i < times && (counts.model.empty() || counts.model == model); ++i) {
        tick();
        const auto id = pick(model);
        if (id != 0) {
          change(model, id);
          ++counted;
        }
      }
    }
  };
  each_model(counts.updated, done.updated, [&](const std::string& model, std::int64_t id) {
    write(model, id, changed_values(*this, model, choices.next()));
  });
  each_model(counts.archived, done.archived, [&](const std::string& model, std::int64_t id) {
    write(model, id, {{"active", !stored(table(model)->records.at(id), "active").truthy()}});
  });
  each_model(counts.created, done.created, [&](const std::string& model, std::int64_t /*id*/) {
    create(model, invented_values(*this, model, choices.next()));
  });
  each_model(counts.deleted, done.deleted, [&](const std::string& model, std::int64_t id) { unlink(model, id); });
  for (int i = 0; i < counts.renamed_departments; ++i) {
    tick();
    if (const auto id = pick("hr.department"); id != 0) {
      write("hr.department", id, {{"name", "Renamed " + std::to_string(choices.below(1000))}});
      ++done.renamed_departments;
    }
  }
  for (int i = 0; i < counts.changed_versions && table("hr.version") != nullptr; ++i) {
    tick();
    const auto version = pick("hr.version");
    const auto employee = version == 0 ? 0 : stored(table("hr.version")->records.at(version), "employee_id").integer;
    const auto found = tables_.at("hr.employee").records.find(employee);
    if (found != tables_.at("hr.employee").records.end()) {
      // The employee shows the new position, and its own stamp stays.
      found->second.values["job_title"] = "Promoted " + std::to_string(choices.below(1000));
      write("hr.version", version, {});
      ++done.changed_versions;
    }
  }
  now_ = std::max(arrived, now_) + std::chrono::seconds(1);
  return done;
}

} // namespace dovetail::simulators::odoo
