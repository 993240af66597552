// SPDX-License-Identifier: Apache-2.0
#include "simulator/sgx_extension.h"

namespace tdxvfs::simulator {
namespace {

constexpr std::uint8_t kEnumerated = 0x0a;
constexpr std::uint8_t kObjectIdentifier = 0x06;
constexpr std::uint32_t kScalable = 1;

}  // namespace

Bytes ExtensionEntry(const Bytes& suffix, const Bytes& value) {
  Bytes identifier = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};
  identifier.insert(identifier.end(), suffix.begin(), suffix.end());
  return DerSequence({DerValue(kObjectIdentifier, identifier), value});
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

}  // namespace tdxvfs::simulator
