// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_FLEET_OUTLOOK_H_
#define TDXVFS_CLI_FLEET_OUTLOOK_H_

#include <chrono>
#include <string>

#include "attest/policy/measurement_policy.h"
#include "attest/verify/verify_quote.h"
#include "cli/fleet_guests.h"
#include "common/result.h"

namespace tdxvfs::cli {

// As `when`: collateral could not be had, or there is no policy to judge by.
inline constexpr const char* kNotKnown = "not known";

// What newer collateral makes of a guest.
struct Outlook {
  bool falls_out = false;  // accepted at its last decision, and will not be
  std::string status;      // Intel's spelling; empty where there is none
  std::string when;        // a day, or what has to happen; empty: does not
  std::string why;
};

// Judges a guest's last evidence as of `judging` and by its volume's policy.
// Fails with kInternal only.
Result<Outlook> OutlookOf(const FleetGuest& guest,
                          const verify::Judging& judging,
                          const policy::MeasurementPolicy& policy);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_FLEET_OUTLOOK_H_
