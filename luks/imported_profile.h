// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMPORTED_PROFILE_H_
#define TDXVFS_LUKS_IMPORTED_PROFILE_H_

#include "common/result.h"
#include "luks/header.h"
#include "luks/header_refusal.h"

namespace tdxvfs::luks {

// Everything in a header that profile `imported-1` does not take; empty when it
// is one: a LUKS2 volume of another program, with any number of key slots and
// tokens, one AES-XTS segment of any sector size behind the header, no
// integrity and no requirements. Key derivation is bounded (threat D8): PBKDF2
// 1000 to 10,000,000 iterations, Argon2 up to 1 GiB, 16 passes and 4 lanes.
// Read from the sealed copy's own bytes, before libcryptsetup or any key
// derivation sees the header. Fails with kInternal only.
Result<HeaderRefusals> ImportedRefusals(const Header& header);

// The same as one error: kHeaderRefused, naming the first and how many more.
Result<void> CheckImportedHeader(const Header& header);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_IMPORTED_PROFILE_H_
