// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_AUDIT_RECORD_H_
#define TDXVFS_CLI_AUDIT_RECORD_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "attest/quote.h"
#include "common/result.h"
#include "common/sha256.h"

namespace tdxvfs::cli {

// What a guest showed, out of the record of a decision about it.
struct RecordedGuest {
  std::string volume;
  attest::Quote quote;
  std::vector<std::uint8_t> event_log;  // empty when there is none
  Sha256Digest config_digest{};
};

// Reads the record (JSON). Fails with kQuoteInvalid when it keeps no quote,
// since a server keeps those that are genuine only and not for ever, and with
// kFileInvalid when it cannot be read.
Result<RecordedGuest> ReadRecordedGuest(std::string_view record);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_AUDIT_RECORD_H_
