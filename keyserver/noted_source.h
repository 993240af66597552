// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_NOTED_SOURCE_H_
#define TDXVFS_KEYSERVER_NOTED_SOURCE_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "attest/verify/collateral.h"
#include "keyserver/audit/audit_record.h"
#include "keyserver/release_key.h"

namespace tdxvfs::keyserver {

// What to keep of a guest whose quote is genuine; its event log follows when it
// was found to be this guest's.
ShownEvidence ShownIn(const Exchange& exchange, const Evidence& evidence,
                      const std::vector<std::uint8_t>& quote);

// Writes down platform and evidence once collateral is asked for, which a quote
// has to earn by its own cryptography: so the record has both also when there
// is no collateral. The source and the record outlive it.
class NotedSource : public verify::CollateralSource {
 public:
  NotedSource(verify::CollateralSource* source, ShownEvidence shown,
              AuditRecord* record)
      : source_(source), shown_(std::move(shown)), record_(record) {}

  Result<verify::CollateralOutcome> Find(const Wanted& wanted) override;

 private:
  verify::CollateralSource* const source_;
  const ShownEvidence shown_;
  AuditRecord* const record_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_NOTED_SOURCE_H_
