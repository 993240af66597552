// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_ADMIN_STORE_CLIENT_H_
#define TDXVFS_KEYSERVER_ADMIN_STORE_CLIENT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "common/result.h"
#include "common/secret.h"

namespace tdxvfs::keyserver {

// The calls of a running server's admin socket that this program's own commands
// make. Not thread-safe. Every call fails with kServerUnreachable,
// kDeadlineExceeded or the reason that the server gives.
class StoreClient {
 public:
  explicit StoreClient(const std::string& admin_socket);
  ~StoreClient();

  Result<void> RotateMasterKey(const Secret& earlier, const Secret& next);
  Result<void> FinishRotation();
  // Gives the store's file to `take`, piece by piece; its error ends the call.
  Result<void> Backup(
      const std::function<Result<void>(std::span<const std::uint8_t>)>& take);

 private:
  struct Stub;
  std::unique_ptr<Stub> stub_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_ADMIN_STORE_CLIENT_H_
