// SPDX-License-Identifier: Apache-2.0
#include "agent/configfs_quote_source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "attest/quote.h"
#include "common/unique_fd.h"
#include "tests/fakes/fuse_quote_device.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::agent {
namespace {

using testing::Fails;
using testing::FuseQuoteDevice;
using ::testing::IsEmpty;
using testing::Succeeds;
using testing::TemporaryFolder;

attest::ReportDataBytes SomeReportData() {
  attest::ReportDataBytes data{};
  for (std::size_t i = 0; i < data.size(); ++i) {
    data.at(i) = static_cast<std::uint8_t>(i + 1);
  }
  return data;
}

class FuseTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string missing = FuseQuoteDevice::Missing();
        !missing.empty()) {
      GTEST_SKIP() << missing;
    }
  }
};

TEST_F(FuseTest, GetsAQuoteOverTheReportDataAndLeavesNoReport) {
  const FuseQuoteDevice device;
  ConfigfsQuoteSource source(device.root());
  ASSERT_OK_AND_ASSIGN(const auto bytes, source.Get(SomeReportData()));
  ASSERT_OK_AND_ASSIGN(const attest::Quote quote, attest::ParseQuote(bytes));
  ASSERT_NE(quote.td_report(), nullptr);
  EXPECT_EQ(quote.td_report()->report_data, SomeReportData());
  EXPECT_GT(bytes.size(), 4000U);
  EXPECT_THAT(device.Reports(), IsEmpty());
}

TEST_F(FuseTest, GetsVersion5AsWell) {
  const FuseQuoteDevice device({"--version", "5"});
  ConfigfsQuoteSource source(device.root());
  ASSERT_OK_AND_ASSIGN(const auto bytes, source.Get(SomeReportData()));
  ASSERT_OK_AND_ASSIGN(const attest::Quote quote, attest::ParseQuote(bytes));
  EXPECT_EQ(quote.version, 5);
}

struct DeviceError {
  const char* name;
  int error_number;
  Reason reason;
};

class DeviceErrorTest : public FuseTest,
                        public ::testing::WithParamInterface<DeviceError> {};

TEST_P(DeviceErrorTest, HasItsReasonAndLeavesNoReport) {
  const FuseQuoteDevice device(
      {"--errno", std::to_string(GetParam().error_number)});
  ConfigfsQuoteSource source(device.root());
  EXPECT_THAT(source.Get(SomeReportData()), Fails(GetParam().reason));
  EXPECT_THAT(device.Reports(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    ConfigfsQuoteSource, DeviceErrorTest,
    ::testing::Values(DeviceError{"Timeout", ETIMEDOUT, Reason::kQuoteTimeout},
                      DeviceError{"Busy", EBUSY, Reason::kQuoteFailed},
                      DeviceError{"Io", EIO, Reason::kQuoteFailed},
                      DeviceError{"NoDevice", ENXIO,
                                  Reason::kQuoteDeviceMissing}),
    [](const auto& row) { return row.param.name; });

// Somebody else keeps writing other report data into our report: what comes
// back is a quote over ours, or an error, never a quote over theirs.
TEST_F(FuseTest, G4_ARaceForTheReportNeverGivesAnotherQuote) {
  const FuseQuoteDevice device;
  std::atomic<bool> done = false;
  std::thread attacker([&device, &done] {
    const std::vector<char> other(64, 'e');
    while (!done) {
      for (const auto& report : device.Reports()) {
        const UniqueFd file(
            open((report / "inblob").c_str(), O_WRONLY | O_CLOEXEC));
        if (file.valid()) {
          (void)!write(file.get(), other.data(), other.size());
        }
      }
    }
  });
  ConfigfsQuoteSource source(device.root());
  for (int i = 0; i < 20; ++i) {
    const auto bytes = source.Get(SomeReportData());
    if (!bytes.has_value()) {
      EXPECT_EQ(bytes.error().reason(), Reason::kQuoteFailed)
          << bytes.error().ToString();
      continue;
    }
    const auto quote = attest::ParseQuote(*bytes);
    ASSERT_THAT(quote, Succeeds());
    EXPECT_EQ(quote->td_report()->report_data, SomeReportData());
  }
  done = true;
  attacker.join();
  EXPECT_THAT(device.Reports(), IsEmpty());
}

TEST(ConfigfsQuoteSource, WithoutConfigfsTheDeviceIsMissing) {
  const TemporaryFolder nothing;
  ConfigfsQuoteSource source(nothing.path());
  EXPECT_THAT(source.Get({}), Fails(Reason::kQuoteDeviceMissing));
}

// An ordinary folder makes reports without attributes: no provider there.
TEST(ConfigfsQuoteSource, AFolderWithoutProviderIsNoDevice) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder.path() / "tsm" / "report");
  ConfigfsQuoteSource source(folder.path());
  EXPECT_THAT(source.Get({}), Fails(Reason::kQuoteDeviceMissing));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path() / "tsm" / "report"));
}

}  // namespace
}  // namespace tdxvfs::agent
