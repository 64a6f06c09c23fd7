// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/odoo/schema.hpp"

#include <algorithm>

namespace dovetail::simulators::odoo {
namespace {

constexpr const char* officer = "hr.group_hr_user";

std::vector<FieldSpec> with_common(std::vector<FieldSpec> own) {
  std::vector<FieldSpec> fields{{"id", "integer"}, {"display_name", "char"}};
  fields.insert(fields.end(), own.begin(), own.end());
  fields.push_back({"create_date", "datetime"});
  fields.push_back({"write_date", "datetime"});
  fields.push_back({"create_uid", "many2one", "res.users"});
  fields.push_back({"write_uid", "many2one", "res.users"});
  return fields;
}

ModelSpec department() {
  return {"hr.department", "Department",
          with_common({{"name", "char"},
                       {"complete_name", "char"},
                       {"active", "boolean"},
                       {"parent_id", "many2one", "hr.department"},
                       {"manager_id", "many2one", "hr.employee"},
                       {"company_id", "many2one", "res.company"},
                       {"parent_path", "char"}})};
}

ModelSpec job() {
  return {"hr.job", "Job Position",
          with_common({{"name", "char"},
                       {"active", "boolean"},
                       {"department_id", "many2one", "hr.department"},
                       {"company_id", "many2one", "res.company"},
                       {"description", "html"},
                       {"sequence", "integer"},
                       {"no_of_recruitment", "integer"}})};
}

ModelSpec employee() {
  return {"hr.employee", "Employee",
          with_common({{"name", "char"},
                       {"active", "boolean"},
                       {"work_email", "char"},
                       {"work_phone", "char"},
                       {"mobile_phone", "char"},
                       {"job_title", "char"},
                       {"job_id", "many2one", "hr.job"},
                       {"department_id", "many2one", "hr.department"},
                       {"parent_id", "many2one", "hr.employee"},
                       {"coach_id", "many2one", "hr.employee"},
                       {"user_id", "many2one", "res.users"},
                       {"work_contact_id", "many2one", "res.partner", 16},
                       {"company_id", "many2one", "res.company"},
                       {"employee_type", "selection", "", 0, 0, officer},
                       {"tz", "selection"}}),
          0, officer};
}

ModelSpec version() {
  return {"hr.version", "Version",
          with_common({{"employee_id", "many2one", "hr.employee"}, {"date_version", "date"}, {"active", "boolean"}}),
          19, officer};
}

ModelSpec partner() {
  return {"res.partner", "Contact",
          with_common({{"name", "char"},
                       {"active", "boolean"},
                       {"email", "char"},
                       {"phone", "char"},
                       {"mobile", "char", "", 0, 19},
                       {"is_company", "boolean"},
                       {"parent_id", "many2one", "res.partner"},
                       {"type", "selection"},
                       {"street", "char"},
                       {"street2", "char"},
                       {"city", "char"},
                       {"zip", "char"},
                       {"state_id", "many2one", "res.country.state"},
                       {"country_id", "many2one", "res.country"},
                       {"vat", "char"},
                       {"ref", "char"},
                       {"category_id", "many2many", "res.partner.category"},
                       {"user_id", "many2one", "res.users"},
                       {"company_id", "many2one", "res.company"},
                       {"lang", "selection"},
                       {"tz", "selection"},
                       {"partner_latitude", "float"}})};
}

ModelSpec user() {
  return {"res.users", "User",
          with_common({{"name", "char"},
                       {"active", "boolean"},
                       {"login", "char"},
                       {"email", "char"},
                       {"company_id", "many2one", "res.company"},
                       {"partner_id", "many2one", "res.partner"}})};
}

ModelSpec project() {
  return {"project.project", "Project",
          with_common({{"name", "char"},
                       {"active", "boolean"},
                       {"description", "html"},
                       {"user_id", "many2one", "res.users"},
                       {"partner_id", "many2one", "res.partner"},
                       {"company_id", "many2one", "res.company"},
                       {"date_start", "date"},
                       {"date", "date"},
                       {"stage_id", "many2one", "project.project.stage", 0, 0, "project.group_project_stages"},
                       {"last_update_status", "selection"},
                       {"privacy_visibility", "selection"},
                       {"tag_ids", "many2many", "project.tags"},
                       {"task_count", "integer"},
                       {"is_template", "boolean", "", 19}})};
}

ModelSpec task() {
  return {"project.task", "Task",
          with_common({{"name", "char"},
                       {"active", "boolean"},
                       {"description", "html"},
                       {"project_id", "many2one", "project.project"},
                       {"parent_id", "many2one", "project.task"},
                       {"stage_id", "many2one", "project.task.type"},
                       {"state", "selection", "", 17},
                       {"user_ids", "many2many", "res.users"},
                       {"partner_id", "many2one", "res.partner"},
                       {"company_id", "many2one", "res.company"},
                       {"milestone_id", "many2one", "project.milestone"},
                       {"tag_ids", "many2many", "project.tags"},
                       {"priority", "selection"},
                       {"date_deadline", "datetime"},
                       {"date_assign", "datetime"},
                       {"date_end", "datetime"},
                       {"date_last_stage_update", "datetime"},
                       {"allocated_hours", "float", "", 17},
                       {"planned_hours", "float", "", 0, 17}})};
}

ModelSpec named(std::string name, std::string label) {
  return {std::move(name), std::move(label), with_common({{"name", "char"}})};
}

} // namespace

const FieldSpec* ModelSpec::field(std::string_view wanted) const noexcept {
  const auto found =
      std::find_if(fields.begin(), fields.end(), [wanted](const FieldSpec& field) { return field.name == wanted; });
  return found == fields.end() ? nullptr : &*found;
}

std::vector<ModelSpec> models_of(int major_version) {
  std::vector<ModelSpec> models{department(),
                                job(),
                                employee(),
                                version(),
                                partner(),
                                user(),
                                project(),
                                task(),
                                named("res.company", "Company"),
                                named("res.country", "Country"),
                                named("res.country.state", "Country state"),
                                named("res.partner.category", "Partner Tags"),
                                named("project.project.stage", "Project Stage"),
                                named("project.task.type", "Task Stage"),
                                named("project.milestone", "Project Milestone"),
                                named("project.tags", "Project Tags")};
  std::erase_if(models, [major_version](const ModelSpec& model) { return model.since > major_version; });
  for (auto& model : models) {
    std::erase_if(model.fields, [major_version](const FieldSpec& field) {
      return field.since > major_version || (field.until > 0 && field.until <= major_version);
    });
  }
  return models;
}

} // namespace dovetail::simulators::odoo
