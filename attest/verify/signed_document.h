// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_SIGNED_DOCUMENT_H_
#define TDXVFS_ATTEST_VERIFY_SIGNED_DOCUMENT_H_

#include <array>
#include <cstdint>
#include <string_view>

#include "attest/verify/p256.h"
#include "common/result.h"

namespace tdxvfs::verify {

// Cap on a signed JSON document, in bytes; Intel's have up to 10 KiB.
inline constexpr std::size_t kMaxSignedDocument = std::size_t{256} * 1024;

// What the envelope {"NAME":{...},"signature":"..."} holds (Intel PCS API v4).
struct SignedDocument {
  // The inner object from '{' to its '}' as received; lies in the text that
  // was opened. The signature is over exactly these bytes.
  std::string_view signed_bytes;
  std::array<std::uint8_t, 64> signature{};  // r || s
};

// Opens an envelope of at most kMaxSignedDocument bytes: UTF-8 JSON at most
// kMaxJsonDepth deep with nothing but white space around it, exactly the
// members `name` and `signature`, each once. What the inner object says is not
// looked at: it is nobody's until the signature holds. Fails with
// kQuoteInvalid.
Result<SignedDocument> OpenSignedDocument(std::string_view text,
                                          std::string_view name);

// Fails with kQuoteInvalid when the signature is not by `key`.
Result<void> CheckDocumentSignature(const SignedDocument& document,
                                    const P256Key& key);

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_SIGNED_DOCUMENT_H_
