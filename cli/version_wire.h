// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_VERSION_WIRE_H_
#define TDXVFS_CLI_VERSION_WIRE_H_

#include "cli/admin_client.h"
#include "cli/volume_description.h"
#include "common/result.h"
#include "tdxvfs/admin/v1/admin.pb.h"

namespace tdxvfs::cli {

// A volume's description as the administration's messages carry it.
void WriteDescription(const VolumeDescription& description,
                      admin::v1::VolumeDescription& message);

// Fails with kServerMisbehaved when a digest has another size than 32 bytes.
Result<VersionInfo> ReadVersionInfo(const admin::v1::VersionInfo& message);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_VERSION_WIRE_H_
