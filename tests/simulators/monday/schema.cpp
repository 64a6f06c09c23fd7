// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/monday/schema.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace dovetail::simulators::monday {
namespace {

/// "Type: field(argument!,argument):Type field:Type". "!" behind an argument: required.
constexpr std::string_view schema_text = R"(
Query: complexity:Complexity version:Version! versions:[Version!] me:User account:Account boards(ids,limit,page,state,board_kind,workspace_ids,order_by,latest,hierarchy_types):[Board] items(ids,limit,page,exclude_nonactive,newest_first):[Item] next_items_page(limit,cursor!):ItemsResponse! users(ids,emails,name,status,user_kind,kind,limit,page,sort):[User] webhooks(board_id!,app_webhooks_only):[Webhook]
Mutation: complexity:Complexity create_item(board_id!,item_name!,group_id,column_values,create_labels_if_missing,position_relative_method,relative_to):Item change_multiple_column_values(board_id!,item_id,column_values!,create_labels_if_missing):Item archive_item(item_id):Item delete_item(item_id):Item create_webhook(board_id!,url!,event!,config):Webhook delete_webhook(id!):Webhook
Complexity: query:Int! before:Int! after:Int! reset_in_x_seconds:Int!
Version: kind:VersionKind! value:String! display_name:String!
Account: id:ID! name:String! slug:String! tier:String
Board: id:ID! name:String! description:String state:State! board_kind:BoardKind! type:BoardObjectType hierarchy_type:BoardHierarchy workspace_id:ID items_count:Int items_limit:Int created_at:ISO8601DateTime updated_at:ISO8601DateTime url:String! columns(ids,types,capabilities):[Column] groups(ids):[Group] items_page(limit,cursor,query_params,hierarchy_scope_config):ItemsResponse!
Column: id:ID! title:String! type:ColumnType! description:String archived:Boolean! settings:JSON settings_str:String! width:Int revision:String!
Group: id:ID! title:String! color:String! position:String! archived:Boolean deleted:Boolean
ItemsResponse: cursor:String items:[Item!]!
Item: id:ID! name:String! state:State created_at:Date updated_at:Date creator_id:String! url:String! relative_link:String email:String! board:Board group:Group parent_item:Item column_values(ids,types,capabilities):[ColumnValue!]!
User: id:ID! name:String! email:String! kind:UserKind status:UserStatus is_deleted:Boolean is_email_confirmed:Boolean account_id:ID created_at:ISO8601DateTime became_active_at:ISO8601DateTime title:String phone:String mobile_phone:String location:String country_code:String time_zone_identifier:String utc_hours_diff:Float photo_url:String url:String!
Webhook: id:ID! board_id:ID! event:WebhookEventType! config:String
PeopleEntity: id:ID! kind:Kind
DropdownValueOption: id:ID! label:String!
ColumnTitle: title:String!
ColumnValue: id:ID! type:ColumnType! text:String value:JSON column:ColumnTitle! is_leaf:Boolean
StatusValue: index:Int label:String is_done:Boolean update_id:ID updated_at:Date
TextValue:
LongTextValue: updated_at:Date
EmailValue: email:String label:String updated_at:Date
DateValue: date:String time:String icon:String updated_at:Date
NumbersValue: number:Float symbol:String direction:NumberValueUnitDirection
PeopleValue: persons_and_teams:[PeopleEntity!] updated_at:Date
DropdownValue: values:[DropdownValueOption!]!
TimelineValue: from:Date to:Date visualization_type:String updated_at:Date
CheckboxValue: checked:Boolean updated_at:Date
BoardRelationValue: linked_item_ids:[ID!]! display_value:String! updated_at:Date
MirrorValue: display_value:String!
FormulaValue: display_value:String!
LinkValue: url:String url_text:String updated_at:Date
PhoneValue: phone:String country_short_name:String updated_at:Date
CreationLogValue: created_at:Date! creator_id:ID!
LastUpdatedValue: updated_at:Date updater_id:ID
ItemIdValue: item_id:ID!
DependencyValue: linked_item_ids:[ID!]! display_value:String!
SubtasksValue: subitems_ids:[ID!]! display_value:String!
TagsValue:
RatingValue:
HourValue:
LocationValue:
AutoNumberValue:
ButtonValue:
ColorPickerValue:
CountryValue:
DirectDocValue:
DocValue:
FileValue:
GroupValue:
IntegrationValue:
ItemAssigneesValue:
PersonValue:
ProgressValue:
TeamValue:
TimeTrackingValue:
UnsupportedValue:
VoteValue:
WeekValue:
WorldClockValue:
)";

struct Schema {
  std::map<std::string, std::map<std::string, FieldType, std::less<>>, std::less<>> types;
};

FieldType read_field(std::string_view& line, std::string& name) {
  FieldType made;
  const std::size_t end = line.find_first_of("(:");
  name = line.substr(0, end);
  line.remove_prefix(end);
  if (line.front() == '(') {
    std::string_view arguments = line.substr(1, line.find(')') - 1);
    line.remove_prefix(line.find(')') + 1);
    while (!arguments.empty()) {
      const std::size_t comma = arguments.find(',');
      const std::string_view one = arguments.substr(0, comma);
      made.arguments[std::string(one.substr(0, one.find('!')))] = one.ends_with('!');
      arguments.remove_prefix(comma == std::string_view::npos ? arguments.size() : comma + 1);
    }
  }
  line.remove_prefix(1);
  made.type = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(line.size(), made.type.size() + 1));
  return made;
}

Schema read_schema() {
  Schema schema;
  std::string_view rest = schema_text.substr(1);
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() + 1);
    auto& fields = schema.types[std::string(line.substr(0, line.find(':')))];
    line.remove_prefix(std::min(line.size(), line.find(':') + 2));
    while (!line.empty()) {
      std::string name;
      FieldType type = read_field(line, name);
      fields.emplace(std::move(name), std::move(type));
    }
  }
  return schema;
}

const Schema& schema() {
  static const Schema made = read_schema();
  return made;
}

bool is_column_value(std::string_view type) { return type.ends_with("Value") && type != "ColumnValue"; }

class Validator {
public:
  explicit Validator(const Document& document) : document_(document) {}

  Status selections(const std::vector<Selection>& set, std::string_view type, int depth) {
    if (depth > 40) {
      return invalid_argument("The query is nested too deep.");
    }
    for (const Selection& one : set) {
      if (one.kind == Selection::Kind::field) {
        DOVETAIL_TRY_STATUS(field(one, type, depth));
        continue;
      }
      std::string_view on = one.on.empty() ? type : std::string_view(one.on);
      const std::vector<Selection>* inner = &one.selections;
      if (one.kind == Selection::Kind::spread) {
        const auto found = document_.fragments.find(one.name);
        if (found == document_.fragments.end()) {
          return invalid_argument(fmt::format("Unknown fragment \"{}\".", one.name));
        }
        on = found->second.on;
        inner = &found->second.selections;
      }
      if (!is_object(on)) {
        return invalid_argument(fmt::format("Unknown type \"{}\".", on));
      }
      if (!is_a(type, on) && !is_a(on, type)) {
        return invalid_argument(fmt::format(
            "Fragment cannot be spread here as objects of type \"{}\" can never be of type \"{}\".", type, on));
      }
      DOVETAIL_TRY_STATUS(selections(*inner, on, depth + 1));
    }
    return merge(set, type);
  }

private:
  Status field(const Selection& one, std::string_view type, int depth) {
    if (one.name == "__typename") {
      return {};
    }
    const FieldType* known = find_field(type, one.name);
    if (known == nullptr) {
      return invalid_argument(fmt::format("Cannot query field \"{}\" on type \"{}\".", one.name, type));
    }
    for (const auto& [name, value] : one.arguments) {
      if (!known->arguments.contains(name)) {
        return invalid_argument(fmt::format("Unknown argument \"{}\" on field \"{}.{}\".", name, type, one.name));
      }
    }
    for (const auto& [name, required] : known->arguments) {
      if (required && one.argument(name) == nullptr) {
        return invalid_argument(
            fmt::format("Field \"{}\" argument \"{}\" is required, but it was not provided.", one.name, name));
      }
    }
    const std::string_view base = known->base();
    if (is_object(base) == one.selections.empty()) {
      return invalid_argument(
          is_object(base)
              ? fmt::format("Field \"{}\" of type \"{}\" must have a selection of subfields.", one.name, known->type)
              : fmt::format("Field \"{}\" must not have a selection since type \"{}\" has no "
                            "subfields.",
                            one.name, known->type));
    }
    return is_object(base) ? selections(one.selections, base, depth + 1) : Status();
  }

  /// Fields that answer under one name, in whatever fragment, must have one type; on one parent type also one source.
  Status merge(const std::vector<Selection>& set, std::string_view type) {
    std::map<std::string, std::pair<std::string, std::string>> seen; // alias -> type, name
    return merge_into(seen, set, type);
  }
  Status merge_into(std::map<std::string, std::pair<std::string, std::string>>& seen, const std::vector<Selection>& set,
                    std::string_view type) {
    for (const Selection& one : set) {
      if (one.kind != Selection::Kind::field) {
        const auto found = document_.fragments.find(one.name);
        const bool spread = one.kind == Selection::Kind::spread && found != document_.fragments.end();
        const std::string_view on = spread ? found->second.on : one.on.empty() ? type : std::string_view(one.on);
        DOVETAIL_TRY_STATUS(merge_into(seen, spread ? found->second.selections : one.selections, on));
        continue;
      }
      const FieldType* known = find_field(type, one.name);
      const std::string type_name = known == nullptr ? "String!" : known->type;
      const auto [entry, fresh] = seen.try_emplace(one.alias, type_name, one.name);
      if (!fresh && entry->second.first != type_name) {
        return invalid_argument(fmt::format("Fields \"{}\" conflict because they return conflicting types \"{}\" and "
                                            "\"{}\". Use different aliases on the "
                                            "fields to fetch both if this was intentional.",
                                            one.alias, entry->second.first, type_name));
      }
    }
    return {};
  }

  const Document& document_;
};

void collect_into(const Document& document, const std::vector<Selection>& selections, std::string_view type,
                  std::vector<Selection>& out) {
  for (const Selection& one : selections) {
    if (one.kind == Selection::Kind::field) {
      const auto same =
          std::find_if(out.begin(), out.end(), [&](const Selection& other) { return other.alias == one.alias; });
      if (same == out.end()) {
        out.push_back(one);
      } else {
        same->selections.insert(same->selections.end(), one.selections.begin(), one.selections.end());
      }
      continue;
    }
    const bool spread = one.kind == Selection::Kind::spread;
    const Fragment* fragment = spread ? &document.fragments.find(one.name)->second : nullptr;
    const std::string_view on = spread ? fragment->on : one.on.empty() ? type : std::string_view(one.on);
    if (is_a(type, on)) {
      collect_into(document, spread ? fragment->selections : one.selections, type, out);
    }
  }
}

} // namespace

std::string_view FieldType::base() const noexcept {
  const std::string_view text = type;
  const std::size_t start = text.find_first_not_of('[');
  return text.substr(start, text.find_first_of("]!", start) - start);
}

const FieldType* find_field(std::string_view type, std::string_view field) {
  const auto found = schema().types.find(type);
  if (found == schema().types.end()) {
    return nullptr;
  }
  const auto inner = found->second.find(field);
  if (inner != found->second.end()) {
    return &inner->second;
  }
  return is_column_value(type) ? find_field("ColumnValue", field) : nullptr;
}

bool is_a(std::string_view type, std::string_view condition) {
  return type == condition || (condition == "ColumnValue" && is_column_value(type) && is_object(type));
}

bool is_object(std::string_view type) { return schema().types.contains(type); }

Status validate(const Document& document) {
  return Validator(document).selections(document.selections, document.mutation ? "Mutation" : "Query", 0);
}

std::vector<Selection> collect(const Document& document, const std::vector<Selection>& selections,
                               std::string_view type) {
  std::vector<Selection> out;
  collect_into(document, selections, type, out);
  return out;
}

} // namespace dovetail::simulators::monday
