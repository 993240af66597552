// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_CHANGE_ANCHOR_H_
#define TDXVFS_KEYSERVER_CHANGE_ANCHOR_H_

#include "common/result.h"
#include "keyserver/config.h"

namespace tdxvfs::keyserver {

// Makes the store belong to the configured trust anchor. A server that merely
// starts with another one is refused, so that a test's anchor cannot slip in.
Result<void> ChangeAnchor(const Config& config);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_CHANGE_ANCHOR_H_
