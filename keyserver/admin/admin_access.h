// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_ADMIN_ADMIN_ACCESS_H_
#define TDXVFS_KEYSERVER_ADMIN_ADMIN_ACCESS_H_

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "common/clock.h"
#include "common/result.h"
#include "keyserver/admin/administrator.h"
#include "keyserver/admin/client_authority.h"

namespace tdxvfs::keyserver {

// Who may administer over TLS. Asked again at every call, so that a revocation
// or an expiry also counts on connections that are open. Thread-safe.
class AdminAccess {
 public:
  // This and Replace warn in the log of revocation lists that are out of date.
  AdminAccess(ClientAuthority authority, const Clock* clock);

  void Replace(ClientAuthority authority);

  // Who shows this leaf certificate. Fails with kPermission.
  Result<Administrator> Identify(const std::string& leaf_pem) const;

  // Before a call is even read: whether its author has a role for the method,
  // named as HTTP/2 does ("/package.Service/Method"). Other services of the
  // port (health) are for every role. Refusals are logged. Fails with
  // kPermission.
  Result<void> CheckCall(std::string_view path,
                         const std::string& leaf_pem) const;

 private:
  const Clock* const clock_;
  mutable std::mutex mutex_;
  std::shared_ptr<const ClientAuthority> authority_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_ADMIN_ADMIN_ACCESS_H_
