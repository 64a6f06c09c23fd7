// SPDX-License-Identifier: Apache-2.0

// Secrets do not outlive their use in freed memory (VAULT-4). This program replaces operator delete by one that searches each
// block for a planted text before it gives it back. What it cannot see: Botan's own buffers (they do not come from operator new;
// Botan scrubs them), the stack and the registers.

#include <malloc.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "core/vault/encoding.hpp"
#include "core/vault/fernet_import.hpp"
#include "core/vault/key_rotation.hpp"
#include "core/vault/secret_service.hpp"
#include "core/vault/testing/memory_secret_records.hpp"
#include "core/vault/testing/rings.hpp"

namespace {

// Longer than what a std::string keeps inside itself, so that copies land on the heap.
constexpr std::string_view needle = "planted-secret-that-must-not-stay-in-freed-memory";

thread_local bool watching = false;
thread_local int found = 0;

void inspect(void* block) noexcept {
  // Half of the text is enough: a block that was partly overwritten by the allocator counts too.
  constexpr std::string_view part = needle.substr(needle.size() / 2);
  if (watching && block != nullptr &&
      ::memmem(block, ::malloc_usable_size(block), part.data(), part.size()) != nullptr) {
    ++found;
  }
}

void* allocate(std::size_t size) {
  if (void* block = std::malloc(size == 0 ? 1 : size)) {
    return block;
  }
  throw std::bad_alloc();
}

void* allocate(std::size_t size, std::align_val_t alignment) {
  void* block = nullptr;
  if (::posix_memalign(&block, static_cast<std::size_t>(alignment), size) == 0) {
    return block;
  }
  throw std::bad_alloc();
}

void release(void* block) noexcept {
  inspect(block);
  // Else the next owner of this memory would be charged with what its former owner left.
  dovetail::wipe(block, block == nullptr ? 0 : ::malloc_usable_size(block));
  std::free(block);
}

} // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void* operator new(std::size_t size, std::align_val_t alignment) { return allocate(size, alignment); }
void* operator new[](std::size_t size, std::align_val_t alignment) { return allocate(size, alignment); }
void operator delete(void* block) noexcept { release(block); }
void operator delete[](void* block) noexcept { release(block); }
void operator delete(void* block, std::size_t /*size*/) noexcept { release(block); }
void operator delete[](void* block, std::size_t /*size*/) noexcept { release(block); }
void operator delete(void* block, std::align_val_t /*alignment*/) noexcept { release(block); }
void operator delete[](void* block, std::align_val_t /*alignment*/) noexcept { release(block); }
void operator delete(void* block, std::size_t /*size*/, std::align_val_t /*alignment*/) noexcept { release(block); }
void operator delete[](void* block, std::size_t /*size*/, std::align_val_t /*alignment*/) noexcept { release(block); }

namespace dovetail::vault {
namespace {

/// How many blocks that still held the planted text were freed while `work` ran.
template <typename Work> int leaks(Work work) {
  found = 0;
  watching = true;
  work();
  watching = false;
  return found;
}

class WipeTest : public ::testing::Test {
protected:
  SystemSecureRandom random_;
  const SystemClock clock_;
  const Vault old_ = testing::vault_of(testing::ring_entry("old", 'a'), random_);
  const Vault both_ =
      testing::vault_of(testing::ring_entry("new", 'b') + " " + testing::ring_entry("old", 'a'), random_);
  const SecretAddress address_{TenantId{1}, ConnectionId{2}, "token"};
  testing::MemorySecretRecords records_;
};

TEST_F(WipeTest, TheWatchSeesAnOrdinaryString) {
  EXPECT_EQ(leaks([] { const auto text = std::make_unique<std::string>(needle); }), 1);
}

// VAULT-4
TEST_F(WipeTest, SealingOpeningAndRotatingLeaveNoSecretBehind) {
  int good = 0;
  EXPECT_EQ(leaks([&] {
              SecretService service(old_, records_);
              good += service.save(address_, Secret(needle), std::nullopt).ok() ? 1 : 0;
              good += service.load(address_).ok() ? 1 : 0;
              good += rotate(both_, records_, clock_, {}).ok() ? 1 : 0;
              auto loaded = SecretService(both_, records_).load(address_);
              good += loaded.ok() && loaded->secret.reveal() == needle ? 1 : 0;
              Secret copy = loaded->secret;
              const Secret moved = std::move(copy);
              loaded->secret = Secret("short");
              good += moved.reveal() == needle ? 1 : 0;
            }),
            0);
  EXPECT_EQ(good, 5);
}

// VAULT-4
TEST_F(WipeTest, ReadingAndMakingKeysLeavesNoKeyBehind) {
  static_assert(needle.size() > vault_key_bytes);
  // The key ends with the part of the text that is searched for.
  const std::string_view key = needle.substr(needle.size() - vault_key_bytes);
  const Secret entry("k1:" + base64_encode(key));
  int good = 0;
  EXPECT_EQ(leaks([&] {
              auto ring = KeyRing::parse(entry);
              good += ring.ok() && ring->primary().bytes.reveal() == key ? 1 : 0;
              const Vault vault(*ring, random_);
              good += vault.seal(address_, Secret("value")).ok() ? 1 : 0;
              good += vault.derive_key("k1", "purpose").ok() ? 1 : 0;
              good += KeyRing::parse(Secret("k0:AAAA")).ok() ? 0 : 1;
            }),
            0);
  EXPECT_EQ(good, 4);
}

// VAULT-4, VAULT-5
TEST_F(WipeTest, ImportingFernetLeavesNoSecretBehind) {
  const Secret keys(base64_encode(testing::key_bytes('f'), Base64Form::url));
  const auto key = FernetKey::parse(keys);
  const Secret text(R"({"api_key": "x\u0020)" + std::string(needle) + R"("})");
  int good = 0;
  EXPECT_EQ(leaks([&] {
              const auto token = fernet_encrypt(text, *key, Timestamp{}, random_);
              const auto opened = open_fernet_wrapper(R"({"_encrypted": true, "payload": ")" + *token + R"("})", keys);
              const auto secret = secret_at(*opened, "/api_key");
              good += secret.ok() && secret->reveal().substr(2) == needle ? 1 : 0;
              SecretService service(old_, records_);
              good += import_secret(service, address_, *secret, false).ok() ? 1 : 0;
              good += base64_decode_secret(base64_encode_secret(*secret).reveal()).has_value() ? 1 : 0;
            }),
            0);
  EXPECT_EQ(good, 3);
}

} // namespace
} // namespace dovetail::vault
