// SPDX-License-Identifier: Apache-2.0

// Everything of the vault that reads foreign bytes. The first byte chooses the reader. Beside not crashing: what is read comes back the
// same when it is written again, and nothing that was not sealed or signed opens.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/vault/encoding.hpp"
#include "core/vault/fernet_import.hpp"
#include "core/vault/key_ring.hpp"
#include "core/vault/vault.hpp"

namespace {

using namespace dovetail;        // NOLINT(google-build-using-namespace)
using namespace dovetail::vault; // NOLINT(google-build-using-namespace)

void must(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void read_base64(std::string_view text) {
  for (const auto form : {Base64Form::standard, Base64Form::url, Base64Form::url_unpadded}) {
    if (const auto bytes = base64_decode(text, form)) {
      must(base64_encode(*bytes, form) == text);
    }
    must(base64_decode(base64_encode(text, form), form) == text);
  }
}

void read_key_ring(std::string_view text) {
  const auto ring = KeyRing::parse(Secret(text));
  if (!ring.ok()) {
    must(!ring.error().message.empty());
    return;
  }
  must(!ring->keys().empty() && ring->keys().size() <= max_vault_keys);
  for (const auto& key : ring->keys()) {
    must(is_key_id(key.id) && key.bytes.size() == vault_key_bytes && ring->find(key.id) == &key);
  }
}

std::string fixed_key() {
  std::string key;
  for (std::size_t i = 0; i < vault_key_bytes; ++i) {
    key.push_back(static_cast<char>(i));
  }
  return key;
}

void read_fernet(std::string_view text) {
  static const Secret keys(base64_encode(fixed_key(), Base64Form::url));
  must(!open_fernet_payload(text, keys).ok());
  must(!open_fernet_wrapper(text, keys).ok());
  const auto key = FernetKey::parse_list(Secret(text));
  must(!key.ok() || !key->empty());
}

void read_sealed(std::string_view bytes) {
  static SystemSecureRandom random;
  static const Vault vault(*KeyRing::parse(Secret("k1:" + base64_encode(fixed_key()))), random);
  must(!vault.open({TenantId{1}, ConnectionId{1}, "token"}, {"k1", std::string(bytes)}).ok());
  must(!vault.check_canary({"k1", std::string(bytes)}).ok());
}

void read_decrypted(std::string_view bytes) {
  const std::size_t end = bytes.find('\n');
  if (end != std::string_view::npos) {
    const auto found = secret_at(Secret(bytes.substr(end + 1)), bytes.substr(0, end));
    must(!found.ok() || found->size() <= bytes.size());
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1); // NOLINT(*-reinterpret-cast)
  switch (data[0] % 5) {
  case 0:
    read_base64(bytes);
    break;
  case 1:
    read_key_ring(bytes);
    break;
  case 2:
    read_fernet(bytes);
    break;
  case 3:
    read_sealed(bytes);
    break;
  default:
    read_decrypted(bytes);
    break;
  }
  return 0;
}
