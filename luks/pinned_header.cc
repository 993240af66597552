// SPDX-License-Identifier: Apache-2.0
#include "luks/pinned_header.h"

#include <errno.h>
#include <libcryptsetup.h>

#include <span>
#include <utility>

#include "common/hex.h"
#include "luks/header_metadata.h"
#include "luks/header_profile.h"
#include "luks/sealed_profile.h"

namespace tdxvfs::luks {
namespace {

// Negative: an error number.
int OpenSlot(const CryptDevice& header, int slot, const Secret& passphrase,
             std::span<std::uint8_t> key) {
  std::size_t size = key.size();
  return crypt_volume_key_get(
      header.get(), slot, reinterpret_cast<char*>(key.data()), &size,
      reinterpret_cast<const char*>(passphrase.Reveal().data()),
      passphrase.size());
}

// Which the library opens only when it is asked for by its number: `cryptsetup
// config --priority ignore`. An unbound slot holds another key.
bool IsSetAside(const CryptDevice& header, int slot) {
  const crypt_keyslot_info status = crypt_keyslot_status(header.get(), slot);
  return (status == CRYPT_SLOT_ACTIVE || status == CRYPT_SLOT_ACTIVE_LAST) &&
         crypt_keyslot_get_priority(header.get(), slot) ==
             CRYPT_SLOT_PRIORITY_IGNORE;
}

}  // namespace

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
        int code = OpenSlot(header, CRYPT_ANY_SLOT, passphrase, bytes);
        for (int slot = 0; code < 0 && slot < crypt_keyslot_max(CRYPT_LUKS2);
             ++slot) {
          if (IsSetAside(header, slot)) {
            code = OpenSlot(header, slot, passphrase, bytes);
          }
        }
        if (code == -EPERM || code == -ENOENT) {
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
