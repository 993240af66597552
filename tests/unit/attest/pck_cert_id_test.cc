// SPDX-License-Identifier: Apache-2.0
#include "attest/pck_cert_id.h"

#include <algorithm>
#include <initializer_list>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/quote_builder.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::attest {
namespace {

using U16s = std::initializer_list<std::uint16_t>;
using ::tdxvfs::testing::Fails;
using ::tdxvfs::testing::Succeeds;

// A quote as far as this reader looks at it.
Quote QuoteWith(std::uint16_t type, std::size_t size) {
  Quote quote;
  quote.certification_type = type;
  quote.certification_data.resize(size);
  for (std::size_t i = 0; i < size; ++i) {
    quote.certification_data[i] = static_cast<std::uint8_t>(i);
  }
  quote.user_data.fill(0xee);
  return quote;
}

TEST(PckCertId, ReadsEveryFieldOfEveryType) {
  struct Row {
    std::uint16_t type;
    std::size_t ppid;
  };
  for (const Row& row : {Row{1, 16}, Row{2, 256}, Row{3, 384}}) {
    SCOPED_TRACE(row.type);
    ASSERT_OK_AND_ASSIGN(const PckCertId id,
                         ReadPckCertId(QuoteWith(row.type, row.ppid + 20)));
    const auto at = static_cast<std::uint8_t>(row.ppid);
    EXPECT_EQ(id.type, row.type);
    EXPECT_EQ(id.qe_id[0], 0xee);
    EXPECT_EQ(id.ppid.has_value(), row.type == 1);
    EXPECT_EQ(id.encrypted_ppid.size(), row.type == 1 ? 0U : row.ppid);
    EXPECT_EQ(id.cpu_svn.front(), at);
    EXPECT_EQ(id.cpu_svn.back(), static_cast<std::uint8_t>(at + 15));
    EXPECT_EQ(id.pce_svn[0], static_cast<std::uint8_t>(at + 16));
    EXPECT_EQ(id.pce_id[1], static_cast<std::uint8_t>(at + 19));
  }
}

TEST(PckCertId, RefusesEveryOtherSizeAndType) {
  for (const std::uint16_t type : U16s{1, 2, 3}) {
    const std::size_t right = type == 1 ? 36 : (type == 2 ? 276 : 404);
    for (const std::size_t size :
         {std::size_t{0}, right - 2, right - 1, right + 1, right * 2}) {
      EXPECT_THAT(ReadPckCertId(QuoteWith(type, size)),
                  Fails(Reason::kQuoteInvalid))
          << type << " " << size;
    }
  }
  for (const std::uint16_t type : U16s{0, 4, 5, 0xffff}) {
    EXPECT_THAT(ReadPckCertId(QuoteWith(type, 404)),
                Fails(Reason::kQuoteInvalid))
        << type;
  }
}

TEST(PckCertId, ReadsWhatTheSimulatorWrites) {
  const simulator::Platform platform;
  for (const std::uint16_t type : U16s{1, 2, 3}) {
    Quote quote;
    quote.certification_type = type;
    ASSERT_OK_AND_ASSIGN(
        quote.certification_data,
        simulator::MakeCertificationData(testing::GoodPki(), type));
    ASSERT_OK_AND_ASSIGN(const PckCertId id, ReadPckCertId(quote));
    EXPECT_EQ(id.cpu_svn, platform.tcb_components);
    EXPECT_EQ(id.pce_svn[0], platform.pce_svn);
    EXPECT_EQ(id.pce_id, platform.pce_id);
  }
  EXPECT_THAT(simulator::MakeCertificationData(testing::GoodPki(), 4),
              Fails(Reason::kUsage));
}

}  // namespace
}  // namespace tdxvfs::attest
