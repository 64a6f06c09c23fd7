// SPDX-License-Identifier: Apache-2.0
#include "core/vault/crypto.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <exception>
#include <new>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <botan/hash.h>
#include <botan/kdf.h>
#include <botan/mac.h>

#include "core/vault/botan_bytes.hpp"
#include "core/vault/encoding.hpp"

namespace dovetail::vault {
namespace {

constexpr std::size_t file_part_bytes = 64U << 10U;

/// Closes on every way out of a function.
class FileDescriptor {
public:
  explicit FileDescriptor(int descriptor) noexcept : descriptor_(descriptor) {}
  ~FileDescriptor() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  FileDescriptor(FileDescriptor&&) = delete;
  FileDescriptor& operator=(FileDescriptor&&) = delete;

  [[nodiscard]] int get() const noexcept { return descriptor_; }

private:
  int descriptor_;
};

Error file_error(int number, const std::filesystem::path& path, std::string_view what) {
  std::string message =
      "Cannot " + std::string(what) + " " + path.string() + ": " + std::generic_category().message(number) + ".";
  switch (number) {
  case ENOENT:
  case ENOTDIR:
    return not_found(std::move(message));
  case EACCES:
  case EPERM:
    return permission_denied(std::move(message));
  default:
    return data_loss(std::move(message));
  }
}

Sha256Digest digest_of(const Botan::secure_vector<std::uint8_t>& bytes) {
  Sha256Digest digest{};
  std::copy_n(bytes.begin(), digest.size(), digest.begin());
  return digest;
}

std::unique_ptr<Botan::MessageAuthenticationCode> keyed_hmac(const Secret& key) {
  auto mac = Botan::MessageAuthenticationCode::create_or_throw("HMAC(SHA-256)");
  mac->set_key(unsigned_bytes(key.reveal()), key.size());
  return mac;
}

} // namespace

struct Sha256::State {
  std::unique_ptr<Botan::HashFunction> hash = Botan::HashFunction::create_or_throw("SHA-256");
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::string_view bytes) { state_->hash->update(unsigned_bytes(bytes), bytes.size()); }

Sha256Digest Sha256::finish() {
  Sha256Digest digest{};
  state_->hash->final(digest.data());
  return digest;
}

Sha256Digest sha256(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

std::string sha256_hex(std::string_view bytes) { return hex_encode(as_bytes(sha256(bytes))); }

Result<std::string> sha256_hex_of_file(const std::filesystem::path& path, std::uint64_t max_bytes) {
  // Without O_NONBLOCK a named pipe in the place of the file would hold us here for ever.
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    return file_error(errno, path, "open");
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) {
    return file_error(errno, path, "inspect");
  }
  if (!S_ISREG(status.st_mode)) {
    return invalid_argument(path.string() + " is not a regular file; give the path of one.");
  }
  Sha256 hash;
  std::uint64_t total = 0;
  std::string part(file_part_bytes, '\0');
  while (true) {
    const ssize_t count = ::read(file.get(), part.data(), part.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return data_loss("Cannot read " + path.string() + ": " + std::generic_category().message(errno) + ".");
    }
    if (count == 0) {
      return hex_encode(as_bytes(hash.finish()));
    }
    total += static_cast<std::uint64_t>(count);
    if (total > max_bytes) {
      return out_of_range(path.string() + " is larger than the " + std::to_string(max_bytes) +
                          " bytes that are allowed here.");
    }
    hash.update(std::string_view(part.data(), static_cast<std::size_t>(count)));
  }
}

Sha256Digest hmac_sha256(const Secret& key, std::string_view message) {
  const auto mac = keyed_hmac(key);
  mac->update(unsigned_bytes(message), message.size());
  return digest_of(mac->final());
}

bool hmac_sha256_verify(const Secret& key, std::string_view message, std::string_view tag) {
  return tag.size() == sha256_bytes && constant_time_equal(as_bytes(hmac_sha256(key, message)), tag);
}

Secret hkdf_sha256(const Secret& key, std::string_view purpose, std::size_t bytes) {
  const auto kdf = Botan::KDF::create_or_throw("HKDF(SHA-256)");
  const auto derived = kdf->derive_key(bytes, unsigned_bytes(key.reveal()), key.size(), nullptr, 0,
                                       unsigned_bytes(purpose), purpose.size());
  return Secret(byte_view(derived));
}

bool constant_time_equal(std::string_view left, std::string_view right) noexcept {
  return left.size() == right.size() &&
         Botan::constant_time_compare(unsigned_bytes(left), unsigned_bytes(right), left.size());
}

Result<Secret> SecureRandom::secret(std::size_t bytes) {
  Botan::secure_vector<std::uint8_t> buffer(bytes);
  DOVETAIL_TRY_STATUS(fill(buffer));
  return Secret(byte_view(buffer));
}

Status SystemSecureRandom::fill(std::span<std::uint8_t> out) {
  while (!out.empty()) {
    const ssize_t count = ::getrandom(out.data(), out.size(), 0);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      return internal("The operating system gives no random bytes, so nothing can be encrypted; check that "
                      "getrandom(2) works in this environment.");
    }
    out = out.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

/// All zero, and so empty, in a process that was just forked.
struct SystemSecureRandom::Drawn {
  static constexpr std::size_t most = 16;
  std::size_t left;
  std::array<std::array<std::uint8_t, nonce_bytes>, most> nonces;
};

SystemSecureRandom::SystemSecureRandom() {
  void* const memory =
      ::mmap(nullptr, sizeof(Drawn), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); // a page of its own
  if (memory == MAP_FAILED) {
    return;
  }
  if (::madvise(memory, sizeof(Drawn), MADV_WIPEONFORK) != 0) {
    ::munmap(memory, sizeof(Drawn));
    return;
  }
  drawn_ = new (memory) Drawn{};
}

SystemSecureRandom::~SystemSecureRandom() {
  if (drawn_ != nullptr) {
    ::munmap(drawn_, sizeof(Drawn));
  }
}

Status SystemSecureRandom::nonce(std::span<std::uint8_t, nonce_bytes> out) {
  // Whoever would have to wait asks the kernel instead; so does a process that was forked while another thread was in here.
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock.owns_lock() || drawn_ == nullptr) {
    return fill(out);
  }
  if (drawn_->left == 0) {
    DOVETAIL_TRY_STATUS(fill({drawn_->nonces.front().data(), sizeof drawn_->nonces}));
    drawn_->left = Drawn::most;
  }
  auto& drawn = drawn_->nonces[--drawn_->left]; // NOLINT(*-constant-array-index): at most `most`
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const std::uint64_t time =
      static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(now.tv_nsec);
  std::uint64_t mixed = 0;
  std::memcpy(&mixed, drawn.data(), sizeof mixed);
  mixed ^= time; // what is uniformly random stays it
  std::memcpy(drawn.data(), &mixed, sizeof mixed);
  std::copy(drawn.begin(), drawn.end(), out.begin());
  drawn.fill(0);
  return {};
}

} // namespace dovetail::vault
