// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_IN_PLACE_REMAINS_H_
#define TDXVFS_CLI_IN_PLACE_REMAINS_H_

#include <string>

#include "cli/admin_client.h"
#include "cli/console.h"
#include "common/result.h"
#include "luks/image/import_in_place.h"

namespace tdxvfs::cli {

// The files of an import in place; the last may be empty.
struct InPlaceFiles {
  std::string volume;
  std::string header_backup;
  std::string manifest;
};

// An import in place writes header backup, signature, manifest and header, in
// this order. One that was killed before the header leaves a manifest of a
// header that is nowhere, or its signature alone: they are taken away and
// remarked on. They are known by the backup, which still is the volume's very
// header, and by the volume's UUID. Every other file stays and is in the way of
// the next import. Fails with kAlreadyExists when the manifest is of the header
// that the volume has: nothing is left to be done.
Result<void> TakeAwayRemains(const InPlaceFiles& files, const Console& console);

// One that was killed after it had registered the new header leaves a version
// that opens nowhere. Remarks on versions of `volume` that may be such: with
// the UUID of the volume that is to be imported, and another header than it
// has. They are not retired: a copy of the volume may have been imported, too.
void RemarkStrayVersions(AdminClient& server, const std::string& volume,
                         const image::InPlaceImport& prepared,
                         const Console& console);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_IN_PLACE_REMAINS_H_
