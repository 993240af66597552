// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_ADMIN_ADMIN_WIRE_H_
#define TDXVFS_KEYSERVER_ADMIN_ADMIN_WIRE_H_

#include <grpcpp/server_context.h>

#include "common/result.h"
#include "keyserver/keys/key_store.h"
#include "tdxvfs/admin/v1/admin.pb.h"

namespace tdxvfs::keyserver {

// Validates every member: what a guest will be granted is decided here. Fails
// with kUsage naming the member.
Result<VersionDescription> ReadDescription(
    const admin::v1::VolumeDescription& description);

// Of an administrator's call, who may see the whole error.
grpc::Status StatusOf(const Result<void>& result);

// Ends a call with it.
grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context,
                                 const Result<void>& result);

// Fails with kUsage on times that are out of range or in the wrong order.
Result<VersionLimits> ReadLimits(const admin::v1::VersionLimits& limits);

void WriteVersion(const VersionRecord& record, const VolumeRecord& volume,
                  admin::v1::VersionInfo* info);

// An entry whose record is not there: of a version, or of a whole volume.
template <typename Record>
void WriteDamaged(const Listed<Record>& entry, admin::v1::VersionInfo* info) {
  info->set_volume(entry.volume);
  info->set_version(entry.number);
  info->set_damaged(entry.record.error().ToString());
}

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_ADMIN_ADMIN_WIRE_H_
