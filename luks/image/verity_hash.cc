// SPDX-License-Identifier: Apache-2.0
#include "luks/image/verity_hash.h"

#include <string>

#include "common/openssl_error.h"

namespace tdxvfs::image {

Result<VerityHash> VerityHash::Create(std::span<const std::uint8_t> salt) {
  if (salt.size() > kMaxVeritySalt) {
    return Error(Reason::kUsage, "verity salt of " +
                                     std::to_string(salt.size()) +
                                     " bytes, allowed are 0 to 256");
  }
  VerityHash hash;
  hash.salt_.assign(salt.begin(), salt.end());
  hash.context_.reset(EVP_MD_CTX_new());
  if (hash.context_ == nullptr ||
      EVP_DigestInit_ex2(hash.context_.get(), EVP_sha256(), nullptr) != 1) {
    return OpensslError(Reason::kInternal, "set up SHA-256");
  }
  return hash;
}

Result<Sha256Digest> VerityHash::Of(std::span<const std::uint8_t> block) {
  Sha256Digest digest{};
  // Without a type the context starts anew with the one it has, which spares
  // the provider look-up for each block.
  if (EVP_DigestInit_ex2(context_.get(), nullptr, nullptr) != 1 ||
      EVP_DigestUpdate(context_.get(), salt_.data(), salt_.size()) != 1 ||
      EVP_DigestUpdate(context_.get(), block.data(), block.size()) != 1 ||
      EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) != 1) {
    return OpensslError(Reason::kInternal, "SHA-256 of a block");
  }
  return digest;
}

}  // namespace tdxvfs::image
