// SPDX-License-Identifier: Apache-2.0
#include "attest/report_data.h"

#include "common/hex.h"
#include "common/sha256.h"

namespace tdxvfs::attest {
namespace {

constexpr std::string_view kReleaseLabel = "tdxvfs-release-v1";
constexpr std::string_view kGrantLabel = "tdxvfs-grant-v1";

}  // namespace

Result<ReportDataBytes> ReportData(const ReportDataInput& input) {
  LengthPrefixed fields;
  fields.Add(kReleaseLabel)
      .Add(input.purpose)
      .Add(input.nonce)
      .Add(input.public_key)
      .Add(input.volume)
      .Add(input.header_sha256)
      .Add(input.certificate_sha256)
      .Add(input.config_digest);
  return fields.Sha512();
}

std::vector<std::uint8_t> GrantInfo(const ReportDataBytes& report_data) {
  const auto label = AsBytes(kGrantLabel);
  std::vector<std::uint8_t> info(label.begin(), label.end());
  info.insert(info.end(), report_data.begin(), report_data.end());
  return info;
}

}  // namespace tdxvfs::attest
