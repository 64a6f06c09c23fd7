// SPDX-License-Identifier: Apache-2.0
#include "core/vault/fernet_import.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/vault/encoding.hpp"
#include "core/vault/secret_service.hpp"
#include "core/vault/testing/memory_secret_records.hpp"
#include "core/vault/testing/rings.hpp"

namespace dovetail::vault {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class FernetImportTest : public ::testing::Test {
protected:
  std::string wrapper_of(std::string_view message) {
    const auto key = FernetKey::parse(keys_);
    const auto token = fernet_encrypt(Secret(message), *key, Timestamp{}, random_);
    EXPECT_TRUE(token.ok());
    return R"({"_encrypted": true, "payload": ")" + *token + R"(", "note": 1})";
  }

  SystemSecureRandom random_;
  const Secret keys_{base64_encode(testing::key_bytes('f'), Base64Form::url)};
  const SecretAddress address_{TenantId{1}, ConnectionId{2}, "api_key"};
};

// VAULT-5: a file that another system reads is written back as it was found, sealed with the newest key.
TEST_F(FernetImportTest, SealsTheWrapperAgain) {
  const std::string older = base64_encode(testing::key_bytes('g'), Base64Form::url);
  const Secret both(std::string(keys_.reveal()) + "," + older);
  const std::string text = "{\"refresh_token\": \"rotated \xc3\xa9 \\\" \"}";
  const auto sealed = seal_fernet_wrapper(Secret(text), both, Timestamp{}, random_);
  ASSERT_TRUE(sealed.ok()) << sealed.error().message;
  EXPECT_THAT(*sealed, Not(HasSubstr("rotated")));
  EXPECT_EQ(open_fernet_wrapper(*sealed, keys_)->reveal(), text);
  EXPECT_EQ(open_fernet_wrapper(*sealed, Secret(older)).error().code, ErrorCode::unauthenticated);
  EXPECT_NE(*sealed, *seal_fernet_wrapper(Secret(text), both, Timestamp{}, random_)) << "each has an IV of its own";

  const std::string largest(limits::max_secret_bytes, 'x');
  EXPECT_EQ(open_fernet_wrapper(*seal_fernet_wrapper(Secret(largest), both, Timestamp{}, random_), both)->reveal(),
            largest);
  EXPECT_EQ(seal_fernet_wrapper(Secret(largest + "x"), both, Timestamp{}, random_).error().code,
            ErrorCode::invalid_argument);
  EXPECT_EQ(seal_fernet_wrapper(Secret(text), Secret("no key"), Timestamp{}, random_).error().code,
            ErrorCode::invalid_argument);
}

// VAULT-5
TEST_F(FernetImportTest, TakesASecretFromAWrapperIntoTheVault) {
  const Vault vault = testing::vault_of(testing::ring_entry("k1", 'a'), random_);
  testing::MemorySecretRecords records;
  SecretService service(vault, records);
  const auto text = open_fernet_wrapper(wrapper_of(R"({"board": 7, "api_key": "hunter2-\u00e9"})"), keys_);
  ASSERT_TRUE(text.ok()) << text.error().message;
  const auto secret = secret_at(*text, "/api_key");
  ASSERT_TRUE(secret.ok()) << secret.error().message;
  const auto first = import_secret(service, address_, *secret, false);
  ASSERT_TRUE(first.ok()) << first.error().message;
  EXPECT_EQ(*first, ImportOutcome::stored);
  EXPECT_EQ(service.load(address_)->secret.reveal(), "hunter2-\xc3\xa9");
  EXPECT_EQ(*import_secret(service, address_, *secret, false), ImportOutcome::unchanged);
  const auto conflict = import_secret(service, address_, Secret("other"), false);
  ASSERT_FALSE(conflict.ok());
  EXPECT_EQ(conflict.error().code, ErrorCode::already_exists);
  EXPECT_EQ(*import_secret(service, address_, Secret("other"), true), ImportOutcome::stored);
  EXPECT_EQ(service.load(address_)->secret.reveal(), "other");
}

TEST_F(FernetImportTest, ReplacesASecretThatDoesNotOpenOnlyWhenTold) {
  const Vault vault = testing::vault_of(testing::ring_entry("k1", 'a'), random_);
  testing::MemorySecretRecords records;
  SecretService service(vault, records);
  ASSERT_TRUE(records.put(address_, {"k1", "damaged"}, std::nullopt).ok());
  EXPECT_EQ(import_secret(service, address_, Secret("value"), false).error().code, ErrorCode::data_loss);
  ASSERT_TRUE(import_secret(service, address_, Secret("value"), true).ok());
  EXPECT_EQ(service.load(address_)->secret.reveal(), "value");
}

TEST_F(FernetImportTest, RefusesWhatIsNoWrapper) {
  const std::string token = "gAAAAA";
  for (const std::string& text :
       {std::string(), std::string("nothing"), std::string("[]"), std::string(R"({"payload": "x"})"),
        std::string(R"({"_encrypted": false, "payload": "x"})"),
        std::string(R"({"_encrypted": "true", "payload": "x"})"), std::string(R"({"_encrypted": true, "payload": 1})"),
        std::string(R"({"_encrypted": true})"), std::string(R"({"_encrypted": true, "payload": "x")"),
        std::string(max_fernet_wrapper_bytes + 1, ' ')}) {
    const auto opened = open_fernet_wrapper(text, keys_);
    ASSERT_FALSE(opened.ok()) << text.substr(0, 80);
    EXPECT_EQ(opened.error().code, ErrorCode::invalid_argument);
  }
  EXPECT_EQ(open_fernet_wrapper(wrapper_of("value"), Secret(base64_encode(testing::key_bytes('g'), Base64Form::url)))
                .error()
                .code,
            ErrorCode::unauthenticated);
}

// VAULT-4
TEST_F(FernetImportTest, ErrorsHoldNoPartOfTheDecryptedText) {
  const Secret text(R"({"api_key": "hunter2", "list": ["hunter2"]})");
  for (const char* pointer : {"/list", "/list/1", "/nothing", "/api_key/x", "no pointer"}) {
    const auto found = secret_at(text, pointer);
    ASSERT_FALSE(found.ok()) << pointer;
    EXPECT_THAT(found.error().message, Not(HasSubstr("hunter2")));
  }
  const auto broken = secret_at(Secret(R"({"api_key": "hunter2)"), "/api_key");
  ASSERT_FALSE(broken.ok());
  EXPECT_THAT(broken.error().message, Not(HasSubstr("hunter2")));
  EXPECT_EQ(secret_at(text, "/list/0")->reveal(), "hunter2");
  EXPECT_EQ(secret_at(Secret("a bare token"), "")->reveal(), "a bare token");
}

} // namespace
} // namespace dovetail::vault
