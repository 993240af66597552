// SPDX-License-Identifier: Apache-2.0
#include "luks/pinned_header.h"

#include <errno.h>
#include <libcryptsetup.h>

#include <utility>

#include "common/hex.h"
#include "luks/header_metadata.h"
#include "luks/header_profile.h"
#include "luks/sealed_profile.h"

namespace tdxvfs::luks {
Result<PinnedHeader> ReadPinnedHeader(const ImageFile& image,
                                      const HeaderPin& pin) {
  ASSIGN_OR_RETURN(Header header, Header::Read(image, pin.size));
  if (header.digest() != pin.sha256) {
    return Error(Reason::kHeaderMismatch,
                 QuotedName(image) + ": the header has SHA-256 " +
                     ToHex(header.digest()) + ", expected is " +
                     ToHex(pin.sha256));
  }
  if (pin.profile == kSealedProfile) {
    RETURN_IF_ERROR(CheckSealedHeader(header).Context(QuotedName(image)));
  }
  ASSIGN_OR_RETURN(CryptDevice device, CryptDevice::Load(header));
  ASSIGN_OR_RETURN(const std::string json, device.MetadataJson());
  ASSIGN_OR_RETURN(const HeaderMetadata metadata, ParseHeaderMetadata(json));
  RETURN_IF_ERROR(CheckHeaderProfile(metadata, pin.profile, header.size())
                      .Context(QuotedName(image)));
  if (device.uuid() != pin.uuid) {
    return Error(Reason::kHeaderMismatch,
                 QuotedName(image) + ": the header's UUID is " + device.uuid() +
                     ", expected is " + pin.uuid);
  }
  const std::uint64_t sector_size = metadata.segments.front().sector_size;
  return PinnedHeader{std::move(header), std::move(device), sector_size};
}

Result<Secret> UnlockVolumeKey(const CryptDevice& header,
                               const Secret& passphrase, std::size_t key_size) {
  const int held = crypt_get_volume_key_size(header.get());
  if (held < 0 || static_cast<std::size_t>(held) != key_size) {
    return Error(Reason::kHeaderRefused,
                 "the header holds a volume key of " + std::to_string(held) +
                     " bytes, not " + std::to_string(key_size));
  }
  return Secret::Filled(
      key_size, [&](std::span<std::uint8_t> bytes) -> Result<void> {
        std::size_t size = bytes.size();
        const int code = crypt_volume_key_get(
            header.get(), CRYPT_ANY_SLOT, reinterpret_cast<char*>(bytes.data()),
            &size, reinterpret_cast<const char*>(passphrase.Reveal().data()),
            passphrase.size());
        if (code == -EPERM) {
          return Error(Reason::kPassphraseWrong,
                       "no key slot takes the passphrase");
        }
        if (code < 0) {
          return header.LastError(Reason::kHeaderRefused, "key slot", code);
        }
        return {};
      });
}

}  // namespace tdxvfs::luks
