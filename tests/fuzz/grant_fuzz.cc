// SPDX-License-Identifier: Apache-2.0
// What a key server that is not ours can send to a guest: a sealed grant, and
// a refusal in the status details.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "agent/grant_wire.h"
#include "agent/refusal_wire.h"
#include "common/hex.h"
#include "common/secret.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  if (!tdxvfs::PrepareSecretMemory().has_value() || size > 65536) {
    return 0;
  }
  const auto plaintext = tdxvfs::Secret::CopyOf({data, size});
  if (!plaintext.has_value()) {
    std::abort();
  }
  (void)tdxvfs::agent::ParseGrant(
      *plaintext, {.volume = "v", .header_sha256 = {}, .header_size = 4096});
  (void)tdxvfs::agent::ErrorFromStatus(
      {grpc::StatusCode::PERMISSION_DENIED, "refused",
       std::string(tdxvfs::AsText({data, size}))});
  return 0;
}
