// SPDX-License-Identifier: Apache-2.0
#include "common/sha256.h"

#include <openssl/evp.h>

#include "common/hex.h"
#include "common/openssl_error.h"

namespace tdxvfs {
namespace {

// Fetched once: looking an algorithm up by name costs about as much as hashing.
const EVP_MD* Sha256Method() {
  static const EVP_MD* const method =
      EVP_MD_fetch(nullptr, "SHA2-256", nullptr);
  return method;
}

template <std::size_t kSize>
Result<std::array<std::uint8_t, kSize>> Digest(
    std::span<const std::uint8_t> bytes, const EVP_MD* algorithm) {
  std::array<std::uint8_t, kSize> digest{};
  unsigned int length = 0;
  if (algorithm == nullptr ||
      EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, algorithm,
                 nullptr) != 1 ||
      length != kSize) {
    return OpensslError(Reason::kInternal, "compute a digest");
  }
  return digest;
}

}  // namespace

Result<Sha256Digest> Sha256(std::span<const std::uint8_t> bytes) {
  return Digest<32>(bytes, Sha256Method());
}

LengthPrefixed& LengthPrefixed::Add(std::span<const std::uint8_t> field) {
  const auto length = static_cast<std::uint32_t>(field.size());
  for (unsigned int shift : {24U, 16U, 8U, 0U}) {
    bytes_.push_back(static_cast<std::uint8_t>(length >> shift));
  }
  bytes_.insert(bytes_.end(), field.begin(), field.end());
  return *this;
}

LengthPrefixed& LengthPrefixed::Add(std::string_view field) {
  return Add(AsBytes(field));
}

Result<Sha256Digest> LengthPrefixed::Sha256() const {
  return Digest<32>(bytes_, Sha256Method());
}

Result<Sha512Digest> LengthPrefixed::Sha512() const {
  return Digest<64>(bytes_, EVP_sha512());
}

}  // namespace tdxvfs
