// SPDX-License-Identifier: Apache-2.0
#include "cli/fleet_guests.h"

#include <map>
#include <utility>

#include "cli/json_leaves.h"

namespace tdxvfs::cli {
namespace {

using Newest = std::map<std::pair<std::string, std::string>, FleetGuest>;

// A peer without its port, which differs each time.
std::string AddressOf(const std::string& peer) {
  return peer.substr(0, peer.rfind(':'));
}

Result<void> Take(const std::string& line, Newest* newest) {
  ASSIGN_OR_RETURN(const std::vector<JsonLeaf> record,
                   ReadJsonLeaves(line).Context("audit record"));
  if (LeafAt(record, "evidence_at").empty()) {
    return {};
  }
  FleetGuest guest{LeafAt(record, "volume"),
                   AddressOf(LeafAt(record, "peer")),
                   LeafAt(record, "audit_id"),
                   LeafAt(record, "time"),
                   LeafAt(record, "reason"),
                   LeafAt(record, "anchor_sha256"),
                   {},
                   {}};
  const std::pair key(guest.volume, guest.address);
  (*newest)[key] = std::move(guest);
  return {};
}

Result<Newest> FindNewest(AdminClient& server, const AuditQuery& query,
                          std::size_t* damaged) {
  Newest newest;
  std::string from;
  do {
    ASSIGN_OR_RETURN(const AuditLines page, server.ExportAudit(query, from));
    if (page.next == from && !from.empty()) {
      return Error(Reason::kServerMisbehaved,
                   "key server: the audit log does not go on");
    }
    *damaged += page.damaged;
    for (const std::string& line : page.lines) {
      *damaged += Take(line, &newest).has_value() ? 0U : 1U;
    }
    from = page.next;
  } while (!from.empty());
  return newest;
}

}  // namespace

Result<std::vector<FleetGuest>> FindFleet(AdminClient& server,
                                          const AuditQuery& query,
                                          std::size_t* damaged) {
  ASSIGN_OR_RETURN(Newest newest, FindNewest(server, query, damaged));
  std::vector<FleetGuest> fleet;
  for (auto& [key, guest] : newest) {
    ASSIGN_OR_RETURN(const std::string record, server.GetAudit(guest.audit_id));
    auto shown = ReadRecordedGuest(record);
    if (shown.has_value()) {
      guest.shown = std::move(*shown);
    } else {
      guest.no_evidence = shown.error().message();
    }
    fleet.push_back(std::move(guest));
  }
  return fleet;
}

}  // namespace tdxvfs::cli
