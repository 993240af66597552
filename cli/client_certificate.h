// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_CLIENT_CERTIFICATE_H_
#define TDXVFS_CLI_CLIENT_CERTIFICATE_H_

#include <chrono>
#include <string>

#include "cli/server_address.h"
#include "common/result.h"
#include "common/secret.h"

namespace tdxvfs::cli {

// Whether a server could take this client certificate (PEM, of
// `files.certificate`) at `now` with this key (PEM, of `files.key`). TLS only
// hangs up on one that is out of date, and gRPC talks about a key that does not
// belong to it in words of its own. Fails with kConfigInvalid, or with
// kPermission when it is out of date, which is also what the server says.
Result<void> CheckClientCertificate(const ClientFiles& files,
                                    const std::string& certificate_pem,
                                    const Secret& key_pem,
                                    std::chrono::system_clock::time_point now);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_CLIENT_CERTIFICATE_H_
