// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/status_advice.h"

namespace tdxvfs::verify {
namespace {

using attest::TcbStatus;

constexpr std::string_view kHarden =
    "the guest's own software must be hardened; no update mends that";
// Where Intel's list has no level above the platform's own.
constexpr std::string_view kUpdateHost =
    "update the host's BIOS, microcode and TDX module";
constexpr std::string_view kConfigure =
    "change the platform's configuration (BIOS settings)";

std::string Also(std::string text, std::string_view more) {
  return text.empty() ? std::string(more)
                      : std::move(text) + "; " + std::string(more);
}

std::string WithAdvisories(std::string text,
                           const std::vector<std::string>& advisory_ids) {
  std::string list;
  for (const std::string& id : advisory_ids) {
    list += (list.empty() ? "" : ", ") + id;
  }
  return list.empty() ? text : std::move(text) + "; advisories: " + list;
}

}  // namespace

void StatusAdvice::AddPlatform(const std::vector<Shortfall>& shortfalls) {
  shortfalls_.insert(shortfalls_.end(), shortfalls.begin(), shortfalls.end());
}

void StatusAdvice::AddIsv(std::string_view what, const IsvTcbLevel& reached,
                          const std::vector<IsvTcbLevel>& levels,
                          std::uint16_t isv_svn, std::string_view remedy) {
  if (reached.outcome.status == TcbStatus::kUpToDate) {
    return;
  }
  const std::string name =
      std::string(what) + " SVN " + std::to_string(isv_svn);
  const std::uint16_t newest = levels.front().isv_svn;
  shortfalls_.push_back(
      {isv_svn < newest
           ? name + " is below " + std::to_string(newest)
           : name + " is " +
                 std::string(attest::TcbStatusName(reached.outcome.status)) +
                 " though Intel lists none newer",
       remedy});
}

std::string StatusAdvice::Remedy(
    TcbStatus status, const std::vector<std::string>& advisory_ids) const {
  const std::string updates = shortfalls_.empty() ? std::string(kUpdateHost)
                                                  : JoinRemedies(shortfalls_);
  std::string text;
  switch (status) {
    case TcbStatus::kUpToDate:
      return "";
    case TcbStatus::kSwHardeningNeeded:
      text = kHarden;
      break;
    case TcbStatus::kConfigurationNeeded:
      text = kConfigure;
      break;
    case TcbStatus::kConfigurationAndSwHardeningNeeded:
      text = Also(std::string(kConfigure), kHarden);
      break;
    case TcbStatus::kTdRelaunchAdvised:
      text = "stop the guest and start it anew: its host was updated since";
      break;
    case TcbStatus::kTdRelaunchAdvisedConfigurationNeeded:
      text =
          Also("stop the guest and start it anew: its host was updated since",
               kConfigure);
      break;
    case TcbStatus::kOutOfDate:
      text = updates;
      break;
    case TcbStatus::kOutOfDateConfigurationNeeded:
      text = Also(updates, kConfigure);
      break;
    case TcbStatus::kRevoked:
      text = Also("do not trust this platform as it is", updates);
      break;
  }
  return WithAdvisories(std::move(text), advisory_ids);
}

}  // namespace tdxvfs::verify
