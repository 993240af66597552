// SPDX-License-Identifier: Apache-2.0
#include "agent/config_digest.h"

namespace tdxvfs::agent {

Result<Sha256Digest> ConfigDigest(const VolumeConfig& config) {
  return LengthPrefixed().Add(config.file_bytes).Add(config.ca_bytes).Sha256();
}

}  // namespace tdxvfs::agent
