// SPDX-License-Identifier: Apache-2.0
// SYNC-2, TEN-1
#include "core/sync/mapping_service.hpp"

#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/test_store.hpp"

namespace dovetail::sync {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

AccountFields one(std::string key, std::string label, std::string type = "text") {
  AccountField field;
  field.source = "/" + key;
  field.key = std::move(key);
  field.label = std::move(label);
  field.type = std::move(type);
  auto made = make_account_fields({field});
  EXPECT_TRUE(made.ok());
  return made.ok() ? std::move(*made) : AccountFields();
}

class MappingServiceTest : public testing::StoreTest {
protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (IsSkipped()) {
      return;
    }
    tenant_ = store().add_tenant("acme");
    other_ = store().add_tenant("other");
    connection_ = store().add_connection(tenant_, "main");
    object_.key = "thing";
    object_.mapping_schema_version = 1;
    object_.field_signature_hash = "first";
    for (const char* const pointer : {"/id", "/name", "/title"}) {
      manifest::ObjectField& field = object_.fields.emplace_back();
      field.pointer = pointer;
      field.type = "text";
    }
    object_.default_mapping = document_.root();
    model_.name = "thing";
    model_.fields = {{"name", model::FieldType::text, "", false}, {"notes", model::FieldType::text, "", false}};
  }
  MappingService mappings() { return {{database(), tenant_}, connection_, object_}; }

  TenantId tenant_;
  TenantId other_;
  ConnectionId connection_;
  json::Document document_ =
      *json::Document::parse(R"({"model":"thing","externalId":"/id","fields":{"name":"/name"}})");
  manifest::Object object_;
  model::Model model_;
};
DOVETAIL_BOTH_DIALECTS(MappingServiceTest);

TEST_P(MappingServiceTest, AnOverrideStandsUntilTheProvidersFieldsChange_SYNC_2) {
  ASSERT_TRUE(mappings().set(model_, R"({"fields":{"name":"/title"}})", {}).ok());
  EXPECT_FALSE(mappings().state({})->stale());
  object_.field_signature_hash = "second";
  EXPECT_TRUE(mappings().state({})->stale());
  ASSERT_TRUE(mappings().accept(model_, {}).ok());
  EXPECT_FALSE(mappings().state({})->stale());
  EXPECT_EQ((*mappings().change())->revision, 2);
  EXPECT_TRUE(*mappings().reset({}));
  EXPECT_FALSE(mappings().state({})->overridden);
  EXPECT_FALSE(*mappings().reset({}));
}

TEST_P(MappingServiceTest, WhatIsGoneCannotBeAcceptedAndCanBeCorrected_SYNC_2) {
  ASSERT_TRUE(mappings().set(model_, R"({"fields":{"notes":"/title"}})", {}).ok());
  object_.field_signature_hash = "second";
  object_.fields.pop_back();
  const Status refused = mappings().accept(model_, {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::failed_precondition);
  EXPECT_THAT(refused.error().message, HasSubstr("/title"));
  ASSERT_TRUE(mappings().set(model_, R"({"fields":{"notes":null}})", {}).ok());
  EXPECT_FALSE(mappings().state({})->stale());
}

TEST_P(MappingServiceTest, ARefusedOverrideChangesNothing) {
  ASSERT_TRUE(mappings().set(model_, R"({"fields":{"notes":"/title"}})", {}).ok());
  EXPECT_FALSE(mappings().set(model_, R"({"fields":{"notes":"/nowhere"}})", {}).ok());
  EXPECT_FALSE(mappings().set(model_, R"({"fields":)", {}).ok());
  EXPECT_EQ((*mappings().change())->body, R"({"fields":{"notes":"/title"}})");
}

TEST_P(MappingServiceTest, TheAccountsFieldsAreKeptAndARenamedOneIsAcceptedByAPerson_SYNC_2) {
  const auto before = one("name", "Name");
  const auto first = mappings().state(before);
  ASSERT_TRUE(first.ok()) << first.error().message;
  EXPECT_FALSE(first->stale());
  ASSERT_TRUE(mappings().keep(*first).ok());
  const auto renamed = one("name", "Title");
  const auto stale = mappings().state(renamed);
  ASSERT_TRUE(stale.ok() && stale->stale());
  ASSERT_TRUE(mappings().keep(*stale).ok());
  EXPECT_TRUE(mappings().state(renamed)->stale()) << "asking does not accept";
  EXPECT_FALSE(mappings().state({})->stale()) << "nobody asked the account";
  ASSERT_TRUE(mappings().accept(model_, renamed).ok());
  EXPECT_FALSE(mappings().state(renamed)->stale());
  EXPECT_EQ((*mappings().accepted())->front().label, "Title");
}

TEST_P(MappingServiceTest, AFieldThatThePersonNamesIsAcceptedWithTheOverride_SYNC_2) {
  ASSERT_TRUE(mappings().accept(model_, one("name", "Name")).ok());
  const auto retyped = one("name", "Name", "integer");
  EXPECT_TRUE(mappings().state(retyped)->stale());
  ASSERT_TRUE(mappings().set(model_, R"({"fields":{"notes":"/title"}})", retyped).ok());
  EXPECT_TRUE(mappings().state(retyped)->stale()) << "the override does not speak of it";
  ASSERT_TRUE(mappings().set(model_, R"({"fields":{"name":"/name"}})", retyped).ok());
  EXPECT_FALSE(mappings().state(retyped)->stale());
}

TEST_P(MappingServiceTest, AnotherTenantsOverrideIsNotSeen_TEN_1) {
  ASSERT_TRUE(mappings().set(model_, R"({"fields":{"name":"/title"}})", one("name", "Name")).ok());
  MappingService foreign({database(), other_}, connection_, object_);
  EXPECT_FALSE(foreign.state({})->overridden);
  EXPECT_FALSE(foreign.accepted()->has_value());
  EXPECT_FALSE(*foreign.reset({}));
  EXPECT_FALSE(foreign.set(model_, R"({"fields":{"name":"/title"}})", {}).ok());
  EXPECT_TRUE(mappings().state({})->overridden);
}

} // namespace
} // namespace dovetail::sync
