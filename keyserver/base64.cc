// SPDX-License-Identifier: Apache-2.0
#include "keyserver/base64.h"

#include <openssl/evp.h>

namespace tdxvfs::keyserver {

std::string ToBase64(std::span<const std::uint8_t> bytes) {
  // EVP_EncodeBlock ends its output with a zero byte.
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      bytes.data(), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

}  // namespace tdxvfs::keyserver
