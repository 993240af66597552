// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_KEY_SLOT_H_
#define TDXVFS_LUKS_IMAGE_KEY_SLOT_H_

#include <libcryptsetup.h>

#include "common/secret.h"

namespace tdxvfs::image {

// How the one key slot of a volume is made. The passphrase is 256 random bits,
// so the derivation need not be slow: the library's minimum of iterations.
// NO_BENCHMARK takes them as they stand, for the digest as well.
inline constexpr crypt_pbkdf_type kPbkdf2{.type = CRYPT_KDF_PBKDF2,
                                          .hash = "sha256",
                                          .time_ms = 0,
                                          .iterations = 1000,
                                          .max_memory_kb = 0,
                                          .parallel_threads = 0,
                                          .flags = CRYPT_PBKDF_NO_BENCHMARK};

// libcryptsetup speaks of bytes as char.
inline const char* Chars(const Secret& secret) {
  return reinterpret_cast<const char*>(secret.Reveal().data());
}

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_KEY_SLOT_H_
