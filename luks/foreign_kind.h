// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_FOREIGN_KIND_H_
#define TDXVFS_LUKS_FOREIGN_KIND_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tdxvfs::luks {

// What the owner of files can do that no import reads.
inline constexpr std::string_view kMountAndPack =
    "mount it and pack its files with 'tdxvfs volume pack'";

// `what`, and how its owner opens it to do so.
std::string OpenInstead(const std::string& what,
                        const std::string& how = "cryptsetup open");

// What sort of LUKS2 volume a header is of that no import takes, and what its
// owner can do, as the first part of an error's message: "a volume with
// dm-integrity (hmac(sha256)): ...". Empty when the header is of the sort that
// is taken, or says nothing that can be read. `header` begins with the first
// metadata area, of which nothing has been checked; words only come of it.
std::string DescribeForeignKind(std::span<const std::uint8_t> header);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_FOREIGN_KIND_H_
