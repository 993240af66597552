// SPDX-License-Identifier: Apache-2.0
#include "common/secret.h"

#include <algorithm>
#include <string>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "common/openssl_error.h"

namespace tdxvfs {
namespace {

constexpr std::size_t kHeapSize =
    std::size_t{1024} * 1024;               // bytes; a power of two
constexpr std::size_t kSmallestBlock = 32;  // bytes; a power of two

SecretReleaseHook g_release_hook = nullptr;

}  // namespace

Result<void> PrepareSecretMemory() {
  if (CRYPTO_secure_malloc_initialized() == 1) {
    return {};
  }
  // 1: ready and locked; 2: ready but the memory could not be locked, which
  // must not stay behind for a later caller to find ready.
  const int state = CRYPTO_secure_malloc_init(kHeapSize, kSmallestBlock);
  if (state != 1) {
    CRYPTO_secure_malloc_done();
    return Error(Reason::kInternal,
                 "secure heap: memory cannot be locked (RLIMIT_MEMLOCK must "
                 "allow 1 MiB)");
  }
  return {};
}

Result<Secret> Secret::OfSize(std::size_t size) {
  if (CRYPTO_secure_malloc_initialized() != 1) {
    return Error(Reason::kInternal, "secure heap is not set up");
  }
  if (size == 0) {
    return Secret();
  }
  auto* data = static_cast<std::uint8_t*>(OPENSSL_secure_zalloc(size));
  if (data == nullptr) {
    return Error(Reason::kInternal,
                 "secure heap is full: " + std::to_string(size) +
                     " more bytes do not fit");
  }
  if (CRYPTO_secure_allocated(data) != 1) {
    OPENSSL_secure_clear_free(data, size);
    return Error(Reason::kInternal, "secure heap gave ordinary memory");
  }
  return Secret(data, size);
}

Secret::Secret(Secret&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    Wipe();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

Secret::~Secret() { Wipe(); }

void Secret::Wipe() noexcept {
  if (data_ == nullptr) {
    return;
  }
  OPENSSL_cleanse(data_, size_);
  if (g_release_hook != nullptr) {
    g_release_hook({data_, size_});
  }
  OPENSSL_secure_clear_free(data_, size_);
  data_ = nullptr;
  size_ = 0;
}

Result<Secret> Secret::Random(std::size_t size) {
  return Filled(size, [](std::span<std::uint8_t> bytes) -> Result<void> {
    if (RAND_priv_bytes_ex(nullptr, bytes.data(), bytes.size(), 256) != 1) {
      return OpensslError(Reason::kInternal, "random bytes");
    }
    return {};
  });
}

Result<Secret> Secret::CopyOf(std::span<const std::uint8_t> bytes) {
  return Filled(bytes.size(),
                [bytes](std::span<std::uint8_t> target) -> Result<void> {
                  std::copy(bytes.begin(), bytes.end(), target.begin());
                  return {};
                });
}

Result<Secret> Secret::TakeFrom(std::string& field) {
  auto secret = CopyOf(
      {reinterpret_cast<const std::uint8_t*>(field.data()), field.size()});
  WipeString(field);
  return secret;
}

Result<Secret> Secret::Filled(
    std::size_t size,
    const std::function<Result<void>(std::span<std::uint8_t>)>& fill) {
  ASSIGN_OR_RETURN(Secret secret, OfSize(size));
  RETURN_IF_ERROR(fill({secret.data_, secret.size_}));
  return secret;
}

bool operator==(const Secret& left, const Secret& right) {
  return left.size_ == right.size_ &&
         (left.size_ == 0 ||
          CRYPTO_memcmp(left.data_, right.data_, left.size_) == 0);
}

void WipeBytes(std::span<std::uint8_t> bytes) {
  OPENSSL_cleanse(bytes.data(), bytes.size());
}

void WipeString(std::string& text) {
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

void SetSecretReleaseHook(SecretReleaseHook hook) { g_release_hook = hook; }

}  // namespace tdxvfs
