// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COMMON_PROCESS_HARDENING_H_
#define TDXVFS_COMMON_PROCESS_HARDENING_H_

#include "common/result.h"

namespace tdxvfs {

// First call in every main that touches secrets: no core dumps
// (RLIMIT_CORE 0), not traceable (PR_SET_DUMPABLE 0) and the secure heap. From
// then on a limit on the size of files is EFBIG, no SIGXFSZ, in children too.
Result<void> HardenProcess();

// Leaves no TLS 1.2 suite that can work inside gRPC, which has no setter for
// the lowest version: every connection is TLS 1.3. Call before any gRPC call
// and before any thread starts.
Result<void> AllowOnlyTls13();

}  // namespace tdxvfs

#endif  // TDXVFS_COMMON_PROCESS_HARDENING_H_
