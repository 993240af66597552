// SPDX-License-Identifier: Apache-2.0
#include "attest/report_data.h"

#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/hex.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::attest {
namespace {

// Computed beforehand from docs/protocol.md with another language's SHA-512.
constexpr std::string_view kGoldenOpen =
    "d96303524f66491ea4409bae5634f2eed60feaa2efc1b83f1d543679cb601492"
    "f9cbd32f824c56eaa2eead23693ef95596485f8affd419153000d3b3d0200b77";
constexpr std::string_view kGoldenFormat =
    "eee4f5aba4c0ec4d29885dc63f810c37fe6e5bb75919c7e774803b9563b36c4e"
    "218f9d4668282ff74fb395052f3e0772d69a3d03984c84824829792bd732865d";

struct Fields {
  std::string purpose = "OPEN";
  std::vector<std::uint8_t> nonce = std::vector<std::uint8_t>(32, 0x01);
  std::vector<std::uint8_t> public_key = std::vector<std::uint8_t>(32, 0x02);
  std::string volume = "resnet";
  std::vector<std::uint8_t> header = std::vector<std::uint8_t>(32, 0x03);
  std::vector<std::uint8_t> certificate = std::vector<std::uint8_t>(32, 0x04);
  std::vector<std::uint8_t> config = std::vector<std::uint8_t>(32, 0x05);

  ReportDataBytes Digest() const {
    return ReportData({.purpose = purpose,
                       .nonce = nonce,
                       .public_key = public_key,
                       .volume = volume,
                       .header_sha256 = header,
                       .certificate_sha256 = certificate,
                       .config_digest = config})
        .value();
  }
};

TEST(ReportData, IsTheGoldenValue) {
  EXPECT_EQ(ToHex(Fields().Digest()), kGoldenOpen);
  Fields format;
  format.purpose = "FORMAT";
  format.header.clear();
  EXPECT_EQ(ToHex(format.Digest()), kGoldenFormat);
}

TEST(ReportData, A1_EveryFieldIsBound) {
  std::vector<Fields> all(8);
  all[1].purpose = "FORMAT";
  all[2].nonce[31] ^= 1U;
  all[3].public_key[31] ^= 1U;
  all[4].volume = "resnet2";
  all[5].header[31] ^= 1U;
  all[6].certificate[31] ^= 1U;
  all[7].config[31] ^= 1U;
  std::set<ReportDataBytes> digests;
  for (const Fields& fields : all) {
    digests.insert(fields.Digest());
  }
  EXPECT_EQ(digests.size(), all.size());
}

TEST(ReportData, BytesCannotMoveFromOneFieldToTheNext) {
  Fields moved;
  moved.volume = "resne";
  moved.header.insert(moved.header.begin(), 't');
  EXPECT_NE(moved.Digest(), Fields().Digest());
}

TEST(GrantInfo, IsTheLabelAndTheReportData) {
  ReportDataBytes report_data{};
  report_data.fill(0xcd);
  const auto info = GrantInfo(report_data);
  EXPECT_EQ(AsText(info).substr(0, 15), "tdxvfs-grant-v1");
  EXPECT_EQ(info.size(), 15U + 64U);
  EXPECT_EQ(info.back(), 0xcd);
}

}  // namespace
}  // namespace tdxvfs::attest
