// SPDX-License-Identifier: Apache-2.0
#include "common/process_hardening.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "common/secret.h"

namespace tdxvfs {

Result<void> HardenProcess() {
  const rlimit no_core{0, 0};
  if (setrlimit(RLIMIT_CORE, &no_core) != 0) {
    return SystemError(Reason::kInternal, "switch core dumps off", errno);
  }
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
    return SystemError(Reason::kInternal, "make the process untraceable",
                       errno);
  }
  // A limit on the size of files is to be an error of the write (EFBIG), which
  // cleans up, not the end of the process.
  if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR) {
    return SystemError(Reason::kInternal, "ignore SIGXFSZ", errno);
  }
  return PrepareSecretMemory();
}

Result<void> AllowOnlyTls13() {
  // A pre-shared-key suite of TLS 1.2: nobody configures such a key, and the
  // variable does not touch the suites of TLS 1.3.
  if (setenv("GRPC_SSL_CIPHER_SUITES", "ECDHE-PSK-CHACHA20-POLY1305", 1) != 0) {
    return SystemError(Reason::kInternal, "restrict TLS to 1.3", errno);
  }
  return {};
}

}  // namespace tdxvfs
