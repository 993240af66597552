// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_AGENT_GRANT_WIRE_H_
#define TDXVFS_AGENT_GRANT_WIRE_H_

#include <cstdint>
#include <string_view>

#include "common/result.h"
#include "common/secret.h"
#include "common/sha256.h"
#include "luks/volume.h"

namespace tdxvfs::agent {

// What was asked for, to compare a grant with.
struct GrantExpectation {
  std::string_view volume;
  Sha256Digest header_sha256{};
  std::uint64_t header_size = 0;  // bytes
};

struct Grant {
  luks::OpenGrant open;
  std::uint32_t version = 0;
};

// Reads a serialised VolumeGrant. The passphrase leaves protobuf at once, and
// every copy in the message is wiped, also when the grant is refused. Fails
// with kGrantMismatch when it is for another volume, purpose or header,
// kNotSupported for a profile that this agent does not open, kGrantInvalid for
// everything else that is not as it must be.
Result<Grant> ParseGrant(const Secret& plaintext,
                         const GrantExpectation& expected);

}  // namespace tdxvfs::agent

#endif  // TDXVFS_AGENT_GRANT_WIRE_H_
