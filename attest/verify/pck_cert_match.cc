// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/pck_cert_match.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "attest/verify/equal_check.h"
#include "common/hex.h"

namespace tdxvfs::verify {
namespace {

constexpr std::string_view kSource = "Intel PCS API v4, Get PCK certificate";

attest::Check AtMost(std::string_view name, std::string limit,
                     std::string actual, bool passed) {
  return {.name = std::string(name),
          .expected = "at most " + std::move(limit),
          .actual = std::move(actual),
          .passed = passed,
          .source = kSource};
}

}  // namespace

attest::Checks CheckPckCertMatch(const attest::PckCertId& id,
                                 const PckPlatform& platform) {
  const auto pce_svn =
      static_cast<std::uint16_t>(id.pce_svn[0] | id.pce_svn[1] << 8U);
  attest::Checks checks = ChecksOf(
      EqualCheck("PCK certificate for this PCEID", ToHex(id.pce_id),
                 ToHex(platform.pce_id), kSource),
      AtMost("PCK certificate for this CPUSVN", ToHex(id.cpu_svn),
             ToHex(platform.cpu_svn),
             std::ranges::equal(platform.cpu_svn, id.cpu_svn,
                                std::ranges::less_equal())),
      AtMost("PCK certificate for this PCESVN", std::to_string(pce_svn),
             std::to_string(platform.pce_svn), platform.pce_svn <= pce_svn));
  if (id.ppid.has_value()) {
    checks.push_back(EqualCheck("PCK certificate for this PPID",
                                ToHex(*id.ppid), ToHex(platform.ppid),
                                kSource));
  }
  return checks;
}

}  // namespace tdxvfs::verify
