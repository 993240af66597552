// SPDX-License-Identifier: Apache-2.0
#include "simulator/sgx_extension.h"

#include <algorithm>
#include <span>

namespace tdxvfs::simulator {
namespace {

constexpr std::uint8_t kEnumerated = 0x0a;
constexpr std::uint8_t kObjectIdentifier = 0x06;
constexpr std::uint32_t kScalable = 1;
constexpr const char* kExtensionOid = "1.2.840.113741.1.13.1";

using ObjectPtr = std::unique_ptr<ASN1_OBJECT, FreeWith<ASN1_OBJECT_free>>;

// 1.2.840.113741.1.13.1.SUFFIX.
Bytes Identifier(const Bytes& suffix) {
  Bytes identifier = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};
  identifier.insert(identifier.end(), suffix.begin(), suffix.end());
  return DerValue(kObjectIdentifier, identifier);
}

// The contents of the value behind an identifier, or nothing. All values that
// are looked for have a length of one byte.
std::span<const std::uint8_t> Contents(std::span<const std::uint8_t> extension,
                                       const Bytes& suffix) {
  const Bytes identifier = Identifier(suffix);
  const auto found = std::search(extension.begin(), extension.end(),
                                 identifier.begin(), identifier.end());
  if (found == extension.end()) {
    return {};
  }
  const auto behind = extension.subspan(
      static_cast<std::size_t>(found - extension.begin()) + identifier.size());
  if (behind.size() < 2 || behind.size() - 2 < behind[1]) {
    return {};
  }
  return behind.subspan(2, behind[1]);
}

template <std::size_t kSize>
bool ReadOctets(std::span<const std::uint8_t> extension, const Bytes& suffix,
                attest::ByteArray<kSize>& octets) {
  const auto contents = Contents(extension, suffix);
  if (contents.size() != kSize) {
    return false;
  }
  std::ranges::copy(contents, octets.begin());
  return true;
}

bool ReadNumber(std::span<const std::uint8_t> extension, const Bytes& suffix,
                std::uint32_t largest, std::uint32_t& number) {
  number = 0;
  const auto contents = Contents(extension, suffix);
  if (contents.empty() || contents.size() > 3) {
    return false;
  }
  for (const std::uint8_t byte : contents) {
    number = number << 8U | byte;
  }
  return number <= largest;
}

}  // namespace

Bytes ExtensionEntry(const Bytes& suffix, const Bytes& value) {
  return DerSequence({Identifier(suffix), value});
}

std::vector<Bytes> TcbEntries(const Platform& platform) {
  std::vector<Bytes> entries;
  std::uint8_t number = 1;
  for (const std::uint8_t svn : platform.tcb_components) {
    entries.push_back(ExtensionEntry({2, number}, DerNumber(svn)));
    ++number;
  }
  entries.push_back(ExtensionEntry({2, 17}, DerNumber(platform.pce_svn)));
  entries.push_back(
      ExtensionEntry({2, 18}, DerOctets(platform.tcb_components)));
  return entries;
}

std::vector<Bytes> ExtensionEntries(const Platform& platform,
                                    const std::vector<Bytes>& tcb) {
  const Bytes configuration =
      DerSequence({ExtensionEntry({7, 1}, DerBoolean(true)),
                   ExtensionEntry({7, 2}, DerBoolean(false)),
                   ExtensionEntry({7, 3}, DerBoolean(true))});
  return {ExtensionEntry({1}, DerOctets(platform.ppid)),
          ExtensionEntry({2}, DerSequence(tcb)),
          ExtensionEntry({3}, DerOctets(platform.pce_id)),
          ExtensionEntry({4}, DerOctets(platform.fmspc)),
          ExtensionEntry({5}, DerNumber(kScalable, kEnumerated)),
          ExtensionEntry({6}, DerOctets(platform.instance_id)),
          ExtensionEntry({7}, configuration)};
}

Bytes SgxExtension(const Platform& platform) {
  return DerSequence(ExtensionEntries(platform, TcbEntries(platform)));
}

Result<Platform> PlatformOf(const X509* leaf) {
  const Error unreadable(Reason::kFileInvalid,
                         "the PCK certificate has no good SGX extension");
  const ObjectPtr identifier(OBJ_txt2obj(kExtensionOid, 1));
  const int index = X509_get_ext_by_OBJ(leaf, identifier.get(), -1);
  if (index < 0) {
    return unreadable;
  }
  const ASN1_OCTET_STRING* const data =
      X509_EXTENSION_get_data(X509_get_ext(leaf, index));
  const std::span<const std::uint8_t> extension(
      ASN1_STRING_get0_data(data),
      static_cast<std::size_t>(ASN1_STRING_length(data)));
  Platform platform;
  bool good = ReadOctets(extension, {1}, platform.ppid) &&
              ReadOctets(extension, {3}, platform.pce_id) &&
              ReadOctets(extension, {4}, platform.fmspc);
  std::uint32_t number = 0;
  std::uint8_t entry = 0;
  for (std::uint8_t& svn : platform.tcb_components) {
    ++entry;
    good = good && ReadNumber(extension, {2, entry}, 0xff, number);
    svn = static_cast<std::uint8_t>(number);
  }
  good = good && ReadNumber(extension, {2, 17}, 0xffff, number);
  platform.pce_svn = static_cast<std::uint16_t>(number);
  if (!good) {
    return unreadable;
  }
  return platform;
}

}  // namespace tdxvfs::simulator
