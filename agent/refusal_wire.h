// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_AGENT_REFUSAL_WIRE_H_
#define TDXVFS_AGENT_REFUSAL_WIRE_H_

#include <grpcpp/support/status.h>

#include "common/error.h"

namespace tdxvfs::agent {

// The error behind a status that is not OK: reason, audit id and time to come
// back out of its Refusal; where there is none, or its slug is unknown or not
// one that a server can mean, the reason that fits the gRPC code.
Error ErrorFromStatus(const grpc::Status& status);

}  // namespace tdxvfs::agent

#endif  // TDXVFS_AGENT_REFUSAL_WIRE_H_
