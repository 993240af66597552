// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_SESSION_TICKETS_H_
#define TDXVFS_KEYSERVER_SESSION_TICKETS_H_

#include "common/result.h"

namespace tdxvfs::keyserver {

// Servers of this process send no TLS 1.3 session tickets (RFC 8446, section
// 4.6.1). No guest resumes a session, and each of the two that OpenSSL sends
// by default costs time (docs/adr/0046). gRPC has no setter for it, so it is
// OpenSSL's configuration (config(5), "SSL Configuration") that says it, beside
// what the system's own file sets for every program. Call after HardenProcess,
// before any TLS context is made and before any thread starts. Fails with
// kInternal when that file cannot be read.
Result<void> SendNoSessionTickets();

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_SESSION_TICKETS_H_
