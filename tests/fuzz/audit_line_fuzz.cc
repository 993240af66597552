// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "common/hex.h"
#include "keyserver/audit/audit_record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const auto head = tdxvfs::keyserver::ReadHead(tdxvfs::AsText({data, size}));
  if (head.has_value()) {
    (void)tdxvfs::keyserver::AuditId::Parse(head->audit_id);
  }
  return 0;
}
