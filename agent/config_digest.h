// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_AGENT_CONFIG_DIGEST_H_
#define TDXVFS_AGENT_CONFIG_DIGEST_H_

#include "agent/volume_config.h"
#include "common/result.h"
#include "common/sha256.h"

namespace tdxvfs::agent {

// SHA-256 over the bytes of the volume's file and the bytes of the CA file it
// names (empty when it names none), each preceded by its length as u32
// big-endian. Goes into report_data; a policy may pin it.
Result<Sha256Digest> ConfigDigest(const VolumeConfig& config);

}  // namespace tdxvfs::agent

#endif  // TDXVFS_AGENT_CONFIG_DIGEST_H_
