// SPDX-License-Identifier: Apache-2.0
#include "luks/image/sector_cipher.h"

#include <array>

#include "common/openssl_error.h"

namespace tdxvfs::image {
namespace {

// plain64 counts units of 512 bytes whatever the sector size is: LUKS2 never
// sets iv_large_sectors, so a 4096-byte sector advances the IV by 8.
constexpr std::uint64_t kIvUnit = 512;     // bytes
constexpr std::size_t kKeySize = 64;       // bytes, two keys of AES-256
constexpr std::size_t kShortKeySize = 32;  // two of AES-128, in old volumes
constexpr std::size_t kIvSize = 16;        // bytes

std::array<std::uint8_t, kIvSize> IvOf(std::uint64_t offset) {
  std::array<std::uint8_t, kIvSize> iv{};  // 64 bits little-endian, then zeroes
  std::uint64_t number = offset / kIvUnit;
  for (std::size_t i = 0; i < sizeof(number); ++i) {
    iv.at(i) = static_cast<std::uint8_t>(number);
    number >>= 8U;
  }
  return iv;
}

}  // namespace

Result<SectorCipher> SectorCipher::Create(const Secret& key,
                                          std::uint32_t sector_size,
                                          Direction direction) {
  SectorCipher cipher;
  cipher.sector_size_ = sector_size;
  cipher.context_.reset(EVP_CIPHER_CTX_new());
  const EVP_CIPHER* const kind =
      key.size() == kShortKeySize ? EVP_aes_128_xts() : EVP_aes_256_xts();
  if ((key.size() != kKeySize && key.size() != kShortKeySize) ||
      cipher.context_ == nullptr ||
      EVP_CipherInit_ex2(cipher.context_.get(), kind, key.Reveal().data(),
                         nullptr, static_cast<int>(direction), nullptr) != 1) {
    return OpensslError(Reason::kInternal, "set up AES-XTS");
  }
  return cipher;
}

Result<void> SectorCipher::Process(std::uint64_t offset,
                                   std::span<std::uint8_t> bytes) {
  if (offset % sector_size_ != 0 || bytes.size() % sector_size_ != 0) {
    return Error(Reason::kInternal, "AES-XTS: not whole sectors");
  }
  for (std::size_t at = 0; at < bytes.size(); at += sector_size_) {
    const auto iv = IvOf(offset + at);
    int written = 0;
    if (EVP_CipherInit_ex2(context_.get(), nullptr, nullptr, iv.data(), -1,
                           nullptr) != 1 ||
        EVP_CipherUpdate(context_.get(), bytes.data() + at, &written,
                         bytes.data() + at,
                         static_cast<int>(sector_size_)) != 1) {
      return OpensslError(Reason::kInternal, "AES-XTS");
    }
  }
  return {};
}

}  // namespace tdxvfs::image
