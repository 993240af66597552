// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_BASE64_H_
#define TDXVFS_KEYSERVER_BASE64_H_

#include <cstdint>
#include <span>
#include <string>

namespace tdxvfs::keyserver {

// RFC 4648 section 4, padded, on one line.
std::string ToBase64(std::span<const std::uint8_t> bytes);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_BASE64_H_
