// SPDX-License-Identifier: Apache-2.0
#include "attest/event_log/sha384.h"

#include <openssl/evp.h>

#include "common/openssl_error.h"

namespace tdxvfs::event_log {

Result<Sha384Digest> Sha384(std::span<const std::uint8_t> bytes) {
  Sha384Digest digest{};
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr,
                 EVP_sha384(), nullptr) != 1) {
    return OpensslError(Reason::kInternal, "SHA-384");
  }
  return digest;
}

}  // namespace tdxvfs::event_log
