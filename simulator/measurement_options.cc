// SPDX-License-Identifier: Apache-2.0
#include "simulator/measurement_options.h"

#include <algorithm>
#include <span>

#include "common/hex.h"
#include "simulator/quote_signer.h"

namespace tdxvfs::simulator {
namespace {

// Where the member of this name lies; empty for an unknown name. The members
// of a 1.5 body come into being when they are asked for.
std::span<std::uint8_t> MemberOf(attest::TdReport& report,
                                 std::string_view name) {
  const std::map<std::string_view, std::span<std::uint8_t>> members = {
      {"tee-tcb-svn", report.tee_tcb_svn},
      {"mr-seam", report.mr_seam},
      {"mr-signer-seam", report.mr_signer_seam},
      {"seam-attributes", report.seam_attributes},
      {"td-attributes", report.td_attributes},
      {"xfam", report.xfam},
      {"mr-td", report.mr_td},
      {"mr-config-id", report.mr_config_id},
      {"mr-owner", report.mr_owner},
      {"mr-owner-config", report.mr_owner_config},
      {"rtmr0", report.rtmr[0]},
      {"rtmr1", report.rtmr[1]},
      {"rtmr2", report.rtmr[2]},
      {"rtmr3", report.rtmr[3]}};
  if (const auto found = members.find(name); found != members.end()) {
    return found->second;
  }
  if (name == "tee-tcb-svn2") {
    return report.tee_tcb_svn2.emplace();
  }
  if (name == "mr-service-td") {
    return report.mr_service_td.emplace();
  }
  return {};
}

}  // namespace

const std::vector<std::string>& MeasurementNames() {
  static const std::vector<std::string> names = {
      "mr-td",    "rtmr0",           "rtmr1",          "rtmr2",
      "rtmr3",    "mr-seam",         "mr-signer-seam", "mr-config-id",
      "mr-owner", "mr-owner-config", "mr-service-td",  "td-attributes",
      "xfam",     "tee-tcb-svn",     "tee-tcb-svn2",   "seam-attributes"};
  return names;
}

Result<attest::TdReport> TdReportFromOptions(
    const std::map<std::string, std::string>& values) {
  attest::TdReport report = GoodTdReport();
  for (const auto& [name, hex] : values) {
    const auto member = MemberOf(report, name);
    const auto bytes = FromHex(hex);
    if (!bytes.has_value() || bytes->size() != member.size()) {
      return Error(Reason::kUsage, "--" + name + ": not " +
                                       std::to_string(2 * member.size()) +
                                       " hex digits");
    }
    std::copy(bytes->begin(), bytes->end(), member.begin());
  }
  return report;
}

}  // namespace tdxvfs::simulator
