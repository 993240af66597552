// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/pck_extension.h"

#include <algorithm>
#include <array>
#include <string>

#include "attest/verify/der_reader.h"

namespace tdxvfs::verify {
namespace {

using Bytes = std::span<const std::uint8_t>;

// Contents octets of 1.2.840.113741.1.13.1; entries add one number to it.
constexpr std::array<std::uint8_t, 9> kSgxExtension = {
    0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};

enum Entry : std::uint8_t {
  kPpid = 1,
  kTcb = 2,
  kPceId = 3,
  kFmspc = 4,
  kSgxType = 5,
  kPlatformInstance = 6,
  kConfiguration = 7,
};
constexpr std::uint8_t kTcbPceSvn = 17;
constexpr std::uint8_t kTcbCpuSvn = 18;
constexpr std::uint32_t kHighestSgxType = 2;

Error SgxExtensionError(std::string why) {
  return {Reason::kQuoteInvalid, "SGX extension: " + std::move(why)};
}

// Which numbered entries of one sequence were seen.
class Seen {
 public:
  explicit Seen(std::string name) : name_(std::move(name)) {}

  Result<void> Add(std::uint8_t number, std::uint8_t highest) {
    if (number < 1 || number > highest) {
      return SgxExtensionError("unknown entry " + name_ +
                               std::to_string(number));
    }
    if (Has(number)) {
      return SgxExtensionError("entry " + name_ + std::to_string(number) +
                               " twice");
    }
    bits_ |= 1U << number;
    return {};
  }
  bool Has(std::uint8_t number) const { return (bits_ >> number & 1U) != 0; }
  Result<void> RequireUpTo(std::uint8_t last) const {
    for (std::uint8_t number = 1; number <= last; ++number) {
      if (!Has(number)) {
        return SgxExtensionError("entry " + name_ + std::to_string(number) +
                                 " missing");
      }
    }
    return {};
  }

 private:
  std::string name_;
  std::uint32_t bits_ = 0;
};

// Opens the next SEQUENCE { OBJECT IDENTIFIER prefix.N, value } and leaves
// `entry` before the value.
Result<std::uint8_t> OpenEntry(DerReader& list, Bytes prefix,
                               DerReader& entry) {
  ASSIGN_OR_RETURN(const Bytes contents, list.Next(DerTag::kSequence));
  entry = DerReader(contents);
  ASSIGN_OR_RETURN(const Bytes oid, entry.Next(DerTag::kObjectIdentifier));
  if (oid.size() != prefix.size() + 1 ||
      !std::equal(prefix.begin(), prefix.end(), oid.begin())) {
    return SgxExtensionError("foreign object identifier");
  }
  return oid.back();
}

template <std::size_t kSize>
Result<void> ReadOctets(DerReader& entry, attest::ByteArray<kSize>& field) {
  ASSIGN_OR_RETURN(const Bytes octets, entry.NextOctets(kSize));
  std::copy(octets.begin(), octets.end(), field.begin());
  return {};
}

Result<void> ReadTcbEntry(std::uint8_t number, DerReader& entry,
                          PckPlatform& platform) {
  if (number == kTcbCpuSvn) {
    return ReadOctets(entry, platform.cpu_svn);
  }
  if (number == kTcbPceSvn) {
    ASSIGN_OR_RETURN(const std::uint32_t svn,
                     entry.NextNumber(DerTag::kInteger, 0xffff));
    platform.pce_svn = static_cast<std::uint16_t>(svn);
    return {};
  }
  ASSIGN_OR_RETURN(const std::uint32_t svn,
                   entry.NextNumber(DerTag::kInteger, 0xff));
  platform.tcb_components.at(number - 1U) = static_cast<std::uint8_t>(svn);
  return {};
}

Result<void> ReadTcb(DerReader& value, PckPlatform& platform) {
  std::array<std::uint8_t, 10> prefix{};
  std::copy(kSgxExtension.begin(), kSgxExtension.end(), prefix.begin());
  prefix.back() = kTcb;
  ASSIGN_OR_RETURN(const Bytes contents, value.Next(DerTag::kSequence));
  DerReader list(contents);
  Seen seen("2.");
  while (!list.at_end()) {
    DerReader entry({});
    ASSIGN_OR_RETURN(const std::uint8_t number, OpenEntry(list, prefix, entry));
    RETURN_IF_ERROR(seen.Add(number, kTcbCpuSvn));
    RETURN_IF_ERROR(ReadTcbEntry(number, entry, platform));
    RETURN_IF_ERROR(entry.ExpectEnd());
  }
  return seen.RequireUpTo(kTcbCpuSvn);
}

// Dynamic platform, cached keys, SMT: read for their form only.
Result<void> ReadConfiguration(DerReader& value) {
  std::array<std::uint8_t, 10> prefix{};
  std::copy(kSgxExtension.begin(), kSgxExtension.end(), prefix.begin());
  prefix.back() = kConfiguration;
  ASSIGN_OR_RETURN(const Bytes contents, value.Next(DerTag::kSequence));
  DerReader list(contents);
  Seen seen("7.");
  while (!list.at_end()) {
    DerReader entry({});
    ASSIGN_OR_RETURN(const std::uint8_t number, OpenEntry(list, prefix, entry));
    RETURN_IF_ERROR(seen.Add(number, 3));
    RETURN_IF_ERROR(entry.NextBoolean());
    RETURN_IF_ERROR(entry.ExpectEnd());
  }
  return {};
}

Result<void> ReadEntry(std::uint8_t number, DerReader& entry,
                       PckPlatform& platform) {
  switch (number) {
    case kPpid:
      return ReadOctets(entry, platform.ppid);
    case kTcb:
      return ReadTcb(entry, platform);
    case kPceId:
      return ReadOctets(entry, platform.pce_id);
    case kFmspc:
      return ReadOctets(entry, platform.fmspc);
    case kSgxType:
      RETURN_IF_ERROR(entry.NextNumber(DerTag::kEnumerated, kHighestSgxType));
      return {};
    case kPlatformInstance:
      RETURN_IF_ERROR(entry.NextOctets(16));
      return {};
    default:
      return ReadConfiguration(entry);
  }
}

}  // namespace

Result<PckPlatform> ParsePckExtension(std::span<const std::uint8_t> der) {
  PckPlatform platform;
  DerReader extension(der);
  ASSIGN_OR_RETURN(const Bytes contents, extension.Next(DerTag::kSequence));
  RETURN_IF_ERROR(extension.ExpectEnd());
  DerReader list(contents);
  Seen seen("");
  while (!list.at_end()) {
    DerReader entry({});
    ASSIGN_OR_RETURN(const std::uint8_t number,
                     OpenEntry(list, kSgxExtension, entry));
    RETURN_IF_ERROR(seen.Add(number, kConfiguration));
    RETURN_IF_ERROR(ReadEntry(number, entry, platform));
    RETURN_IF_ERROR(entry.ExpectEnd());
  }
  RETURN_IF_ERROR(seen.RequireUpTo(kSgxType));
  // The Platform CA writes both of the last two, the Processor CA neither.
  if (seen.Has(kPlatformInstance) != seen.Has(kConfiguration)) {
    return SgxExtensionError("only one of the entries 6 and 7");
  }
  return platform;
}

Result<PckPlatform> ReadPckExtension(const Certificate& leaf) {
  if (!leaf.extensions.sgx.has_value()) {
    return SgxExtensionError("missing");
  }
  return ParsePckExtension(*leaf.extensions.sgx);
}

}  // namespace tdxvfs::verify
