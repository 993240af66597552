// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "keyserver/keys/store_record.h"

// Every kind of record reads any bytes; what was read can be written again and
// read as the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::span<const std::uint8_t> bytes(data, size);
  tdxvfs::keyserver::VersionRecord version;
  (void)tdxvfs::keyserver::ReadVersionState(bytes, &version);
  (void)tdxvfs::keyserver::ReadVolumeState(bytes);
  (void)tdxvfs::keyserver::ReadPolicy(1, bytes);
  const auto description = tdxvfs::keyserver::ReadDescriptionRecord(bytes);
  if (description.has_value()) {
    const auto again = tdxvfs::keyserver::ReadDescriptionRecord(
        tdxvfs::keyserver::WriteDescription(*description));
    if (!again.has_value() || *again != *description) {
      abort();
    }
  }
  return 0;
}
