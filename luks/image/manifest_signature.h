// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_MANIFEST_SIGNATURE_H_
#define TDXVFS_LUKS_IMAGE_MANIFEST_SIGNATURE_H_

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "common/owned_openssl.h"
#include "common/result.h"
#include "common/secret.h"

namespace tdxvfs::image {

// A detached signature of a manifest: the 64 bytes of Ed25519 (RFC 8032) over
// the manifest file exactly as it lies on disk, in a file of its own,
// MANIFEST.sig. `openssl pkeyutl -sign -rawin` makes the same one.
inline constexpr std::string_view kSignatureSuffix = ".sig";
inline constexpr std::size_t kMaxKeyFile = 16384;  // bytes of PEM
using ManifestSignature = std::array<std::uint8_t, 64>;

// Reads a private key of PKCS #8, `-----BEGIN PRIVATE KEY-----`. Fails with
// kFileInvalid: no such key, one under a passphrase, or not Ed25519.
Result<EvpPkeyPtr> ParseSigningKey(const Secret& pem);

// Reads `-----BEGIN PUBLIC KEY-----`. Fails with kFileInvalid.
Result<EvpPkeyPtr> ParseVerifyKey(std::string_view pem);

// Fails with kInternal.
Result<ManifestSignature> SignManifest(std::string_view manifest,
                                       const EvpPkeyPtr& key);

// Succeeds when `signature` is of this manifest and by this key. Anything
// else, a signature of another length among it, is kFileInvalid.
Result<void> VerifyManifest(std::string_view manifest,
                            std::span<const std::uint8_t> signature,
                            const EvpPkeyPtr& key);

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_MANIFEST_SIGNATURE_H_
