// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_PINNED_HEADER_H_
#define TDXVFS_LUKS_PINNED_HEADER_H_

#include <cstdint>
#include <string>

#include "common/result.h"
#include "common/secret.h"
#include "common/sha256.h"
#include "luks/crypt_device.h"
#include "luks/header.h"
#include "luks/image_file.h"

namespace tdxvfs::luks {

// What a header must be, as a manifest or a grant says it.
struct HeaderPin {
  std::uint64_t size = 0;  // bytes
  Sha256Digest sha256{};
  std::string uuid;
  std::string profile;  // "sealed-1"
};

// A header whose bytes are the pinned ones and say what their profile allows,
// in sealed memory.
struct PinnedHeader {
  Header header;
  CryptDevice device;
  std::uint64_t sector_size = 0;  // bytes, of the data segment
};

// Copies the header of an image once and checks the copy: digest first, then
// profile, then UUID; nothing is parsed before the digest is right. Fails with
// kHeaderMismatch, kHeaderRefused, kNotSupported (profile) and as Header::Read
// does.
Result<PinnedHeader> ReadPinnedHeader(const ImageFile& image,
                                      const HeaderPin& pin);

// The volume key that `passphrase` unlocks; takes neither root nor device
// mapper. Call with a checked header only: the key derivation runs as the
// header says. `key_size`: bytes that the key must have. Fails with
// kPassphraseWrong or kHeaderRefused.
Result<Secret> UnlockVolumeKey(const CryptDevice& header,
                               const Secret& passphrase, std::size_t key_size);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_PINNED_HEADER_H_
