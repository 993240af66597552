// SPDX-License-Identifier: Apache-2.0
// Rotations of the master key that were interrupted, and backups made during
// one, with a running server as the commands meet it.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "common/file.h"
#include "common/hex.h"
#include "keyserver/backup.h"
#include "keyserver/rotate_master_key.h"
#include "tests/support/release_rig.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::keyserver {
namespace {

namespace fs = std::filesystem;
using testing::Fails;
using testing::RawGuest;
using testing::ReleaseRig;
using testing::Succeeds;

class RotationTest : public ::testing::Test {
 protected:
  RotationTest()
      : key_(rig_.config().master_key),
        next_(key_.string() + ".next"),
        previous_(key_.string() + ".previous"),
        backup_(key_.string() + ".backup") {}

  bool Releases() {
    RawGuest guest(rig_);
    guest.Send(guest.EvidenceFor(guest.Open()));
    const auto answer = guest.Receive();
    return answer.has_value() && answer->has_release();
  }
  // The server's part of a rotation, and the new key as the file beside.
  void BeginRotation() {
    const std::string next(32, 'n');
    ASSERT_THAT(WriteNewFile(next_, AsBytes(next), 0600), Succeeds());
    admin::v1::RotateMasterKeyRequest request;
    ASSERT_OK_AND_ASSIGN(*request.mutable_earlier_master_key(),
                         ReadFile(key_, 32));
    request.set_master_key(next);
    grpc::ClientContext context;
    admin::v1::Empty response;
    ASSERT_TRUE(
        rig_.admin().RotateMasterKey(&context, request, &response).ok());
  }
  void PutInPlace() const {
    fs::create_hard_link(key_, previous_);
    fs::rename(next_, key_);
  }
  Result<void> MakeBackup() const { return Backup(rig_.config(), backup_, {}); }
  // Into another place, with the key that lies in a file.
  Result<void> RestoreWith(const fs::path& key_file) {
    elsewhere_ = rig_.config();
    const fs::path folder = fs::path(elsewhere_.store).parent_path() / "else";
    fs::create_directory(folder);
    elsewhere_.store = folder / "store.db";
    return Restore(elsewhere_, key_file, backup_, "");
  }

  ReleaseRig rig_;
  const fs::path key_, next_, previous_, backup_;
  Config elsewhere_;
};

// Whether the store still opens with a key is asked by what restore asks.
TEST_F(RotationTest, OneThatOnlyHadToBeFinishedIsFinishedByTheNextCall) {
  BeginRotation();
  PutInPlace();
  // Both keys open what is there so far.
  ASSERT_THAT(MakeBackup(), Succeeds());
  EXPECT_THAT(RestoreWith(previous_), Succeeds());

  const auto again = RotateMasterKey(rig_.config(), key_);
  ASSERT_THAT(again, Fails(Reason::kAlreadyExists));
  EXPECT_NE(again.error().ToString().find(previous_), std::string::npos);
  fs::remove(backup_);
  fs::remove(elsewhere_.store);
  ASSERT_THAT(MakeBackup(), Succeeds());
  EXPECT_THAT(RestoreWith(previous_), Fails(Reason::kStoreKeyWrong));
  EXPECT_THAT(RestoreWith(key_), Succeeds());

  // And once the earlier key is put away, the next rotation runs.
  fs::rename(previous_, previous_.string() + ".kept");
  EXPECT_THAT(RotateMasterKey(rig_.config(), key_), Succeeds());
  rig_.Restart();
  EXPECT_TRUE(Releases());
}

// A key that is not the store's finishes nothing.
TEST_F(RotationTest, AKeyOfAnotherStoreFinishesNothing) {
  BeginRotation();
  PutInPlace();
  ASSERT_THAT(ReplaceFile(key_, AsBytes(std::string(32, 'x')), 0600),
              Succeeds());
  EXPECT_THAT(RotateMasterKey(rig_.config(), key_),
              Fails(Reason::kStoreKeyWrong));
  ASSERT_THAT(MakeBackup(), Succeeds());
  EXPECT_THAT(RestoreWith(previous_), Succeeds());
}

TEST_F(RotationTest, ABackupMadeDuringOneIsRestoredWithEitherKey) {
  BeginRotation();
  ASSERT_THAT(MakeBackup(), Succeeds());
  const std::string store = rig_.config().store;
  for (const fs::path& key : {key_, next_}) {
    ASSERT_THAT(RestoreWith(key), Succeeds());
    // What restore takes, a server starts with.
    rig_.Restart([&](Config* config) {
      config->store = elsewhere_.store;
      config->master_key = key;
    });
    EXPECT_TRUE(Releases());
    rig_.Restart([&](Config* config) { config->store = store; });
    fs::remove(elsewhere_.store);
  }
}

// SQLite passes over what lies behind its pages.
TEST_F(RotationTest, ABackupWithBytesAppendedIsRefused) {
  ASSERT_THAT(MakeBackup(), Succeeds());
  for (const std::size_t size : {1U, 4096U}) {
    const auto before = fs::file_size(backup_);
    std::ofstream(backup_, std::ios::app) << std::string(size, 'x');
    EXPECT_THAT(RestoreWith(key_), Fails(Reason::kFileInvalid)) << size;
    EXPECT_FALSE(fs::exists(elsewhere_.store));
    fs::resize_file(backup_, before);
  }
  EXPECT_THAT(RestoreWith(key_), Succeeds());
}

TEST_F(RotationTest, ARestoredStoreBelongsToWhoseFolderItIs) {
  if (geteuid() != 0) {
    GTEST_SKIP() << "only root restores for another user";
  }
  constexpr uid_t server = 4711;
  ASSERT_THAT(MakeBackup(), Succeeds());
  const fs::path folder = fs::path(rig_.config().store).parent_path() / "else";
  fs::create_directory(folder);
  ASSERT_EQ(chown(folder.c_str(), server, server + 1), 0);
  ASSERT_THAT(RestoreWith(key_), Succeeds());
  struct stat status {};
  ASSERT_EQ(stat(elsewhere_.store.c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, server);
  EXPECT_EQ(status.st_gid, server + 1);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
}

}  // namespace
}  // namespace tdxvfs::keyserver
