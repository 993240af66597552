// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_TESTS_SUPPORT_TEST_DATA_H_
#define TDXVFS_TESTS_SUPPORT_TEST_DATA_H_

#include <stdlib.h>
#include <time.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "common/file.h"
#include "common/hex.h"

namespace tdxvfs::testing {

// The folder of real quotes and collateral, or an empty path. It is read in
// place and never copied.
inline std::filesystem::path TestDataFolder() {
  const char* folder = getenv("TDXVFS_TESTDATA");
  return folder == nullptr ? std::filesystem::path() : folder;
}

inline std::vector<std::uint8_t> ReadBytes(const std::filesystem::path& path) {
  const auto content = ReadFile(path, std::size_t{8} << 20U);
  if (!content.has_value()) {
    return {};
  }
  const auto bytes = AsBytes(*content);
  return {bytes.begin(), bytes.end()};
}

// `2025-07-04T10:16:31Z` as a time.
inline std::chrono::system_clock::time_point TimeFromText(
    const std::string& text) {
  struct tm parts {};
  strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return std::chrono::system_clock::from_time_t(timegm(&parts));
}

}  // namespace tdxvfs::testing

// Says why a test is skipped when the real vectors are not at hand.
#define TDXVFS_NEEDS_TESTDATA()                                            \
  if (::tdxvfs::testing::TestDataFolder().empty()) {                       \
    GTEST_SKIP() << "TDXVFS_TESTDATA is not set: real quotes not checked"; \
  }                                                                        \
  static_assert(true, "")

#endif  // TDXVFS_TESTS_SUPPORT_TEST_DATA_H_
