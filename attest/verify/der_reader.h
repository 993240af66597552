// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_DER_READER_H_
#define TDXVFS_ATTEST_VERIFY_DER_READER_H_

#include <cstdint>
#include <span>

#include "common/result.h"

namespace tdxvfs::verify {

// Identifier octets of the few universal types that we read (X.690, 8.1.2).
enum class DerTag : std::uint8_t {
  kBoolean = 0x01,
  kInteger = 0x02,
  kBitString = 0x03,
  kOctetString = 0x04,
  kObjectIdentifier = 0x06,
  kEnumerated = 0x0a,
  kUtf8String = 0x0c,
  kPrintableString = 0x13,
  kUtcTime = 0x17,
  kGeneralizedTime = 0x18,
  kSequence = 0x30,
  kSet = 0x31,
  // Context-specific, primitive or around another value.
  kImplicit0 = 0x80,
  kExplicit0 = 0xa0,
  kExplicit3 = 0xa3,
};

// Reads DER values one after the other: definite lengths in their shortest
// form only (X.690, 10.1). Does not recurse; callers decide how deep they go.
// All failures are kQuoteInvalid.
class DerReader {
 public:
  explicit DerReader(std::span<const std::uint8_t> bytes) : rest_(bytes) {}

  bool at_end() const { return rest_.empty(); }
  bool NextIs(DerTag tag) const {
    return !rest_.empty() && rest_[0] == static_cast<std::uint8_t>(tag);
  }

  // The contents of the next value, which must have this tag.
  Result<std::span<const std::uint8_t>> Next(DerTag tag);
  // The same with identifier and length.
  Result<std::span<const std::uint8_t>> NextWhole(DerTag tag);
  // A non-negative INTEGER or ENUMERATED of at most `maximum`.
  Result<std::uint32_t> NextNumber(DerTag tag, std::uint32_t maximum);
  Result<bool> NextBoolean();
  // An OCTET STRING of exactly `size` bytes.
  Result<std::span<const std::uint8_t>> NextOctets(std::size_t size);
  Result<void> ExpectEnd() const;

 private:
  std::span<const std::uint8_t> rest_;
};

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_DER_READER_H_
