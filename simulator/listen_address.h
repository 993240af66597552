// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_SIMULATOR_LISTEN_ADDRESS_H_
#define TDXVFS_SIMULATOR_LISTEN_ADDRESS_H_

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"

namespace tdxvfs::simulator {

// A numeric address to listen on.
struct ListenAddress {
  sockaddr_storage socket{};
  socklen_t size = 0;
  std::string host;  // as written: "127.0.0.1" or "[::1]"
};

// "127.0.0.1:8081" or "[::1]:8081"; port 0 means a free one. Fails with kUsage.
Result<ListenAddress> ParseListenAddress(std::string_view text);

}  // namespace tdxvfs::simulator

#endif  // TDXVFS_SIMULATOR_LISTEN_ADDRESS_H_
