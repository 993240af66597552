// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_SEALED_PROFILE_H_
#define TDXVFS_LUKS_SEALED_PROFILE_H_

#include "common/result.h"
#include "luks/header.h"
#include "luks/header_refusal.h"

namespace tdxvfs::luks {

// Everything in a header that profile `sealed-1` does not take; empty when it
// is one. The profile is what `volume pack` writes and nothing else, member by
// member, read from the sealed copy's own bytes: libcryptsetup's view of them
// would hide doubled members and a second copy that differs. Runs before
// libcryptsetup or any key derivation sees the header. Fails with kInternal
// only.
Result<HeaderRefusals> SealedRefusals(const Header& header);

// The same as one error: kHeaderRefused, naming the first and how many more.
Result<void> CheckSealedHeader(const Header& header);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_SEALED_PROFILE_H_
