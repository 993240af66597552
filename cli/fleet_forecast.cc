// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/admin_client.h"
#include "cli/audit_filter.h"
#include "cli/collateral_options.h"
#include "cli/commands.h"
#include "cli/damaged_records.h"
#include "cli/fleet_guests.h"
#include "cli/fleet_outlook.h"
#include "cli/forecast_collateral.h"
#include "cli/rfc3339.h"
#include "cli/text_table.h"
#include "common/clock.h"
#include "common/hex.h"
#include "common/json_text.h"

namespace tdxvfs::cli {
namespace {

struct Options {
  std::string collateral;
  ServiceOptions service;
  std::string trust_anchor;
  std::string at;
  AuditFilterOptions filter;
  std::string server;
};

struct Forecast {
  FleetGuest guest;
  Outlook outlook;
};

Result<std::unique_ptr<ForecastCollateral>> OpenCollateral(
    const Options& options, const verify::TrustAnchor& anchor) {
  std::vector<FoundSet> sets;
  std::unique_ptr<collateral::PcsClient> client;
  if (options.collateral == "early") {
    ASSIGN_OR_RETURN(client, OpenService(options.service));
  } else {
    ASSIGN_OR_RETURN(sets, FindSets(options.collateral));
  }
  return std::make_unique<ForecastCollateral>(std::move(sets),
                                              std::move(client), anchor);
}

// The policies of the fleet's volumes, each asked for once.
class Policies {
 public:
  explicit Policies(AdminClient& server) : server_(server) {}

  // Null for a volume that has none any more.
  Result<const policy::MeasurementPolicy*> Of(const std::string& volume) {
    if (!policies_.contains(volume)) {
      RETURN_IF_ERROR(Ask(volume));
    }
    const auto& known = policies_[volume];
    const policy::MeasurementPolicy* const found =
        known.has_value() ? &*known : nullptr;
    return found;
  }

 private:
  Result<void> Ask(const std::string& volume) {
    const auto json = server_.GetPolicy(volume);
    if (json.has_value()) {
      ASSIGN_OR_RETURN(policies_[volume],
                       policy::MeasurementPolicy::Parse(*json));
    } else if (json.error().reason() == Reason::kPolicyMissing ||
               json.error().reason() == Reason::kVolumeUnknown) {
      policies_[volume] = std::nullopt;
    } else {
      return json.error();
    }
    return {};
  }

  AdminClient& server_;
  std::map<std::string, std::optional<policy::MeasurementPolicy>> policies_;
};

// By another anchor every guest would fall out, whatever its platform is worth.
constexpr const char* kOtherAnchor =
    "its server judged it by another trust anchor";

bool IsOfOtherAnchor(const FleetGuest& guest, const std::string& anchor) {
  return !guest.anchor.empty() && guest.anchor != anchor;
}

// Some may be of an anchor that the server had before; all of them are not.
Result<void> CheckAnchorOf(const std::vector<FleetGuest>& fleet,
                           const Options& options, const std::string& anchor) {
  const bool all = !fleet.empty() &&
                   std::ranges::all_of(fleet, [&](const FleetGuest& guest) {
                     return IsOfOtherAnchor(guest, anchor);
                   });
  if (!all) {
    return {};
  }
  return Error(Reason::kUsage,
               "the key server judges by the trust anchor with key digest " +
                   fleet.front().anchor + ", which is not " +
                   (options.trust_anchor.empty()
                        ? "Intel's; --trust-anchor names its certificate"
                        : "that of '" + options.trust_anchor + "'"));
}

Result<std::vector<Forecast>> Judge(AdminClient& server,
                                    std::vector<FleetGuest> fleet,
                                    const verify::Judging& judging) {
  Policies policies(server);
  std::vector<Forecast> forecasts;
  for (FleetGuest& guest : fleet) {
    ASSIGN_OR_RETURN(const policy::MeasurementPolicy* const policy,
                     policies.Of(guest.volume));
    Outlook outlook{false, "", kNotKnown, "the volume has no policy"};
    if (IsOfOtherAnchor(guest, ToHex(judging.anchor.key_digest()))) {
      outlook.why = kOtherAnchor;
    } else if (!guest.no_evidence.empty()) {
      outlook.why = guest.no_evidence;
    } else if (policy != nullptr) {
      ASSIGN_OR_RETURN(outlook, OutlookOf(guest, judging, *policy));
    }
    forecasts.push_back({std::move(guest), std::move(outlook)});
  }
  return forecasts;
}

void PrintText(const std::vector<Forecast>& forecasts, const Console& console) {
  TextTable table({"", "VOLUME", "PEER", "LAST SEEN", "THEN", "STATUS",
                   "FALLS OUT", "WHY"});
  std::size_t falling = 0;
  std::size_t unknown = 0;
  for (const auto& [guest, outlook] : forecasts) {
    falling += outlook.falls_out ? 1U : 0U;
    unknown += outlook.when == kNotKnown ? 1U : 0U;
    table.Row({outlook.falls_out ? ">>" : "", guest.volume, guest.address,
               guest.time, guest.reason.empty() ? "released" : guest.reason,
               outlook.status, outlook.when.empty() ? "no" : outlook.when,
               outlook.why});
  }
  console.out << table.Text() << "\n"
              << falling << " of " << forecasts.size()
              << " guests fall out by this collateral"
              << (unknown == 0 ? "" : "; not known: " + std::to_string(unknown))
              << ". A guest is a volume and "
                 "an address, judged by its last evidence on record.\n";
}

void PrintJson(const std::vector<Forecast>& forecasts, const Console& console) {
  JsonArray list;
  for (const auto& [guest, outlook] : forecasts) {
    list.Raw(JsonObject()
                 .String("volume", guest.volume)
                 .String("peer", guest.address)
                 .String("audit_id", guest.audit_id)
                 .String("time", guest.time)
                 .String("reason_then", guest.reason)
                 .Boolean("falls_out", outlook.falls_out)
                 .String("status", outlook.status)
                 .String("when", outlook.when)
                 .String("why", outlook.why)
                 .Close());
  }
  console.out << list.Close() << "\n";
}

Result<void> FleetForecast(const Options& options, const Console& console) {
  ASSIGN_OR_RETURN(const AuditQuery query, QueryOf(options.filter));
  auto now = SystemClock().Now();
  if (!options.at.empty()) {
    ASSIGN_OR_RETURN(now, ParseRfc3339(options.at));
  }
  ASSIGN_OR_RETURN(const verify::TrustAnchor anchor,
                   AnchorFromOption(options.trust_anchor));
  ASSIGN_OR_RETURN(const auto collateral, OpenCollateral(options, anchor));
  ASSIGN_OR_RETURN(AdminClient server, AdminClient::ConnectTo(options.server));
  std::size_t damaged = 0;
  ASSIGN_OR_RETURN(std::vector<FleetGuest> fleet,
                   FindFleet(server, query, &damaged));
  RETURN_IF_ERROR(CheckAnchorOf(fleet, options, ToHex(anchor.key_digest())));
  ASSIGN_OR_RETURN(
      const std::vector<Forecast> forecasts,
      Judge(server, std::move(fleet), {anchor, now, collateral.get()}));
  if (console.json()) {
    PrintJson(forecasts, console);
  } else {
    PrintText(forecasts, console);
  }
  return FailIfLinesDamaged(damaged);
}

}  // namespace

void AddFleetForecast(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command = commands.Add(
      "fleet", "forecast",
      "judge the last evidence of every volume and peer by newer collateral "
      "and tell who falls out of date, when and why",
      [options](const Console& console) {
        return FleetForecast(*options, console);
      });
  command
      .AddOption("--collateral", options->collateral,
                 "'early': what Intel serves early; or a set, a directory of "
                 "sets, or a bundle")
      .Required();
  AddServiceOptions(command, options->service);
  AddTrustAnchor(command, options->trust_anchor);
  command.AddOption("--at", options->at,
                    "time to judge at, RFC 3339 (default: now)");
  AddAuditFilter(command, options->filter);
  AddServerOption(command, options->server);
}

}  // namespace tdxvfs::cli
