// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_FLEET_GUESTS_H_
#define TDXVFS_CLI_FLEET_GUESTS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "cli/admin_client.h"
#include "cli/audit_record.h"
#include "common/result.h"

namespace tdxvfs::cli {

// A guest of the fleet by the newest decision that kept its evidence. A guest
// is a volume and the address that it comes from.
struct FleetGuest {
  std::string volume;
  std::string address;
  std::string audit_id;
  std::string time;
  std::string reason;  // slug; empty: released
  std::string anchor;  // digest of the trust anchor's key that it was judged by
  RecordedGuest shown;
  std::string no_evidence;  // why nothing was shown; else empty
};

// Every guest that the filter names, by volume and address, also those whose
// evidence was dropped or damaged since; `damaged` counts the lines of the log
// that are no records any more. Fails as the server does.
Result<std::vector<FleetGuest>> FindFleet(AdminClient& server,
                                          const AuditQuery& query,
                                          std::size_t* damaged);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_FLEET_GUESTS_H_
