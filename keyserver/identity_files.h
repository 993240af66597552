// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_IDENTITY_FILES_H_
#define TDXVFS_KEYSERVER_IDENTITY_FILES_H_

#include <string>
#include <vector>

#include "common/result.h"
#include "common/secret.h"

namespace tdxvfs::keyserver {

// A new certificate authority and a server certificate that it signed, both
// P-256. Guests pin the authority; keep its key away from the server.
struct NewIdentity {
  std::string ca_pem;
  Secret ca_key_pem;
  std::string server_pem;
  Secret server_key_pem;
};

// `names` are host names and IP addresses for the subject alternative name, at
// least one. Fails with kUsage when one is neither.
Result<NewIdentity> MakeIdentity(const std::vector<std::string>& names);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_IDENTITY_FILES_H_
