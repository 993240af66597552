// SPDX-License-Identifier: Apache-2.0
#include "cli/audit_record.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include <openssl/evp.h>

#include "cli/json_leaves.h"
#include "common/hex.h"

namespace tdxvfs::cli {
namespace {

// Base64 (RFC 4648 section 4) without line breaks.
Result<std::vector<std::uint8_t>> FromBase64(const std::string& text) {
  std::vector<std::uint8_t> bytes(text.size() / 4 * 3);
  const int size = EVP_DecodeBlock(
      bytes.data(), reinterpret_cast<const std::uint8_t*>(text.data()),
      static_cast<int>(text.size()));
  if (size < 0 || text.size() % 4 != 0) {
    return Error(Reason::kFileInvalid, "quote is not base64");
  }
  // EVP_DecodeBlock counts the bytes that padding stands for.
  const std::size_t padding = text.ends_with("==")  ? 2
                              : text.ends_with('=') ? 1
                                                    : 0;
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

std::string WhyNoQuote(const std::vector<JsonLeaf>& leaves) {
  const std::string evidence = LeafAt(leaves, "evidence");
  if (!evidence.empty()) {
    return "the guest's quote was kept once, but is " + evidence;
  }
  if (!LeafAt(leaves, "evidence_sha256").empty()) {
    return "the server kept the digest of what the guest showed only "
           "(audit.evidence)";
  }
  return "no quote is on record: the guest's was not genuine, or the decision "
         "came before it (" +
         LeafAt(leaves, "reason") + ")";
}

}  // namespace

Result<RecordedGuest> ReadRecordedGuest(std::string_view record) {
  ASSIGN_OR_RETURN(const std::vector<JsonLeaf> leaves, ReadJsonLeaves(record));
  const std::string encoded = LeafAt(leaves, "quote");
  if (encoded.empty()) {
    return Error(Reason::kQuoteInvalid, WhyNoQuote(leaves));
  }
  ASSIGN_OR_RETURN(const std::vector<std::uint8_t> bytes, FromBase64(encoded));
  RecordedGuest guest;
  guest.volume = LeafAt(leaves, "volume");
  ASSIGN_OR_RETURN(guest.event_log, FromBase64(LeafAt(leaves, "event_log")));
  ASSIGN_OR_RETURN(guest.quote, attest::ParseQuote(bytes));
  ASSIGN_OR_RETURN(const std::vector<std::uint8_t> digest,
                   FromHex(LeafAt(leaves, "config_digest")));
  if (digest.size() != guest.config_digest.size()) {
    return Error(Reason::kFileInvalid, "config_digest is not 32 bytes");
  }
  std::copy(digest.begin(), digest.end(), guest.config_digest.begin());
  return guest;
}

}  // namespace tdxvfs::cli
