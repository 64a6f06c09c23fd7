// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/generators/shapes.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace dovetail::generators {
namespace {

constexpr std::size_t projects_per_page = 200;

/// The members of a project, in the order of BQE's own list of columns. i: number, s: short text, l: long text, g: GUID, t: instant, b: boolean, n: null,
/// m: money, d: GUID or null, e: empty text.
struct Member {
  std::string_view name;
  char kind;
};
constexpr std::array<Member, 84> members{{{"code", 's'},
                                          {"name", 'l'},
                                          {"displayName", 'l'},
                                          {"parentId", 'd'},
                                          {"parent", 's'},
                                          {"rootProjectId", 'g'},
                                          {"rootProject", 's'},
                                          {"level", 'i'},
                                          {"hasChild", 'b'},
                                          {"phaseName", 'e'},
                                          {"phaseDescription", 'e'},
                                          {"phaseOrder", 'i'},
                                          {"type", 'i'},
                                          {"status", 'i'},
                                          {"contractType", 'i'},
                                          {"clientId", 'g'},
                                          {"client", 's'},
                                          {"managerId", 'g'},
                                          {"manager", 's'},
                                          {"principalId", 'g'},
                                          {"principal", 's'},
                                          {"originatorId", 'd'},
                                          {"originator", 's'},
                                          {"startDate", 't'},
                                          {"dueDate", 't'},
                                          {"percentComplete", 'm'},
                                          {"contractAmount", 'm'},
                                          {"serviceContract", 'm'},
                                          {"expenseContract", 'm'},
                                          {"fixedFee", 'm'},
                                          {"fixedFeePercentage", 'm'},
                                          {"retainagePercent", 'i'},
                                          {"retainageLimit", 'i'},
                                          {"interestRate", 'i'},
                                          {"graceDays", 'i'},
                                          {"recurringFrequency", 'i'},
                                          {"recurringAmount", 'm'},
                                          {"feeScheduleId", 'd'},
                                          {"feeScheduleName", 's'},
                                          {"termId", 'd'},
                                          {"term", 's'},
                                          {"currencyMultiplierId", 'd'},
                                          {"currencyName", 's'},
                                          {"classId", 'd'},
                                          {"class", 's'},
                                          {"billingContactId", 'd'},
                                          {"billingContact", 's'},
                                          {"purchaseOrderNumber", 'e'},
                                          {"messageOnInvoice", 'e'},
                                          {"memo", 'l'},
                                          {"invoiceTemplateId", 'd'},
                                          {"invoiceTemplate", 's'},
                                          {"manualInvoiceTemplateId", 'd'},
                                          {"manualInvoiceTemplate", 's'},
                                          {"jointInvoiceTemplateId", 'd'},
                                          {"jointInvoiceTemplate", 's'},
                                          {"hasCustomInvoiceNumber", 'b'},
                                          {"invoicePrefix", 'e'},
                                          {"invoiceNumber", 'i'},
                                          {"invoiceSuffix", 'e'},
                                          {"mainServiceTax", 'm'},
                                          {"mainExpenseTax", 'm'},
                                          {"incomeAccountId", 'd'},
                                          {"incomeAccount", 's'},
                                          {"expenseAccountId", 'd'},
                                          {"expenseAccount", 's'},
                                          {"receivableAccountId", 'd'},
                                          {"receivableAccount", 's'},
                                          {"liabilityAccountId", 'd'},
                                          {"liabilityAccount", 's'},
                                          {"defaultGroupId", 'd'},
                                          {"defaultGroup", 's'},
                                          {"taxable", 'b'},
                                          {"billable", 'b'},
                                          {"locked", 'b'},
                                          {"customFields", 'n'},
                                          {"assignedGroups", 'n'},
                                          {"rules", 'n'},
                                          {"objectState", 'i'},
                                          {"createdOn", 't'},
                                          {"createdById", 'g'},
                                          {"lastUpdated", 't'},
                                          {"lastUpdatedById", 'g'},
                                          {"version", 'i'}}};

std::string value(SeededText& text, char kind) {
  switch (kind) {
  case 'i':
    return fmt::format("{}", text.below(text.chance(80) ? 10 : 100'000));
  case 's':
    return fmt::format("\"{}\"", text.words(2));
  case 'l':
    return fmt::format("\"{}\"", text.words(5));
  case 'g':
    return fmt::format("\"{}\"", text.guid());
  case 'd':
    return text.chance(50) ? "null" : fmt::format("\"{}\"", text.guid());
  case 't':
    return text.chance(85) ? fmt::format("\"{}\"", text.instant()) : "null";
  case 'b':
    return std::string(text.boolean());
  case 'm':
    return fmt::format("{}.{:02}", text.below(200'000), text.below(100));
  case 'e':
    return "\"\"";
  default:
    return "null";
  }
}

/// What bqe.so asks for with the manifest's own mapping.
constexpr std::array<std::string_view, 18> asked{
    "code",         "name",      "displayName", "parentId",   "level",   "status",          "clientId",
    "client",       "managerId", "manager",     "startDate",  "dueDate", "percentComplete", "contractAmount",
    "currencyName", "memo",      "createdOn",   "lastUpdated"};

std::string page_of(std::uint64_t seed, bool all) {
  SeededText text(seed);
  std::string page = "[";
  for (std::size_t i = 0; i < projects_per_page; ++i) {
    page += fmt::format(R"({}{{"id":"{}")", i == 0 ? "" : ",", text.guid());
    for (const Member& member : members) {
      if (all || std::find(asked.begin(), asked.end(), member.name) != asked.end()) {
        page += fmt::format(",\"{}\":{}", member.name, value(text, member.kind));
      }
    }
    page += '}';
  }
  return page + "]";
}

} // namespace

std::string bqe_projects_page(std::uint64_t seed) { return page_of(seed, true); }
std::string bqe_asked_projects_page(std::uint64_t seed) { return page_of(seed, false); }

} // namespace dovetail::generators
