// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_TESTS_UNIT_KEYSERVER_STORE_FOLDER_H_
#define TDXVFS_TESTS_UNIT_KEYSERVER_STORE_FOLDER_H_

#include <sqlite3.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "common/hex.h"
#include "keyserver/keys/sqlite_key_store.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace tdxvfs::keyserver {

inline constexpr Sha256Digest kAnchor = {1};
inline constexpr std::chrono::system_clock::time_point kNow;

inline MasterKey KeyOf(char digit) {
  auto secret = Secret::CopyOf(AsBytes(std::string(32, digit)));
  return std::move(*MasterKey::FromSecret(std::move(*secret)));
}

inline Secret SecretOf(std::string_view text) {
  return std::move(*Secret::CopyOf(AsBytes(text)));
}

inline VersionDescription DescriptionWith(std::uint8_t digest) {
  return {.uuid = "c9c1d1a0-0000-4000-8000-000000000001",
          .header_size = 1048576,
          .header_sha256 = {digest},
          .header_profile = "sealed-1",
          .file_system = "erofs",
          .mount_options = {"ro", "noatime"},
          .verity = std::nullopt};
}

inline VersionLimits LimitOf(std::uint32_t releases) {
  VersionLimits limits;
  limits.releases = releases;
  return limits;
}

// A key store in a temporary folder.
class StoreFolder : public ::testing::Test {
 protected:
  Result<std::unique_ptr<SqliteKeyStore>> Open(
      char key = 'a', const Sha256Digest& anchor = kAnchor) const {
    return SqliteKeyStore::Open(path(), KeyOf(key), anchor);
  }
  std::filesystem::path path() const { return folder_.path() / "store.db"; }

  // What somebody with the file, but not the key, can do.
  void Tamper(const std::string& sql) const {
    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &raw), SQLITE_OK);
    const SqlitePtr database(raw);
    ASSERT_EQ(sqlite3_exec(raw, sql.c_str(), nullptr, nullptr, nullptr),
              SQLITE_OK)
        << sqlite3_errmsg(raw);
  }

  testing::TemporaryFolder folder_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_TESTS_UNIT_KEYSERVER_STORE_FOLDER_H_
