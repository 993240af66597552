// SPDX-License-Identifier: Apache-2.0
// What a peer that proved nothing can send to the key server.
#include <cstddef>
#include <cstdint>

#include "keyserver/release_wire.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  tdxvfs::v1::GuestMessage message;
  if (!message.ParseFromArray(data, static_cast<int>(size))) {
    return 0;
  }
  tdxvfs::keyserver::Exchange exchange;
  (void)tdxvfs::keyserver::ReadBegin(message.begin(), &exchange);
  (void)tdxvfs::keyserver::ReadEvidence(message.evidence());
  (void)tdxvfs::keyserver::ReadOutcome(message.outcome());
  return 0;
}
