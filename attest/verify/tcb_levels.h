// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_TCB_LEVELS_H_
#define TDXVFS_ATTEST_VERIFY_TCB_LEVELS_H_

#include <vector>

#include "attest/verify/json.h"
#include "attest/verify/tcb_info.h"
#include "common/result.h"

namespace tdxvfs::verify {

// `tcbStatus`, `tcbDate` and `advisoryIDs` of one level, whatever it is a level
// of. Any status that documents do not carry is refused with kQuoteInvalid.
Result<TcbLevelOutcome> ReadLevelOutcome(const JsonValue& level);

// `tcbLevels` of a module or an enclave: at least one, each UpToDate, OutOfDate
// or Revoked, by isvsvn, highest first and none twice. Fails with
// kQuoteInvalid.
Result<std::vector<IsvTcbLevel>> ReadIsvLevels(const JsonValue& holder);

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_TCB_LEVELS_H_
