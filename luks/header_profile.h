// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_HEADER_PROFILE_H_
#define TDXVFS_LUKS_HEADER_PROFILE_H_

#include <cstdint>
#include <string_view>

#include "common/profile_limits.h"
#include "common/result.h"
#include "luks/header_metadata.h"

namespace tdxvfs::luks {

using tdxvfs::kImportedProfile;
using tdxvfs::kSealedProfile;

// Whether the metadata of a header says only what `profile` allows. LUKS2
// headers are not authenticated: the true passphrase also opens one whose
// cipher was edited to null (threat D1), whose key derivation was made to run
// for hours (D8) or that carries re-encryption markers (D7). Called after the
// header was loaded and before any key derivation runs. `header_size`: the
// data segment begins exactly behind the header that was hashed.
//
// Fails with kHeaderRefused, naming the member; kNotSupported for a profile
// that this version does not know.
Result<void> CheckHeaderProfile(const HeaderMetadata& metadata,
                                std::string_view profile,
                                std::uint64_t header_size);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_HEADER_PROFILE_H_
