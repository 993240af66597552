// SPDX-License-Identifier: Apache-2.0
// What guests and the log are told of records that cannot be read any more.
#include <sqlite3.h>

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "keyserver/keys/sqlite_statement.h"
#include "tests/support/release_rig.h"

namespace tdxvfs::keyserver {
namespace {

using ::testing::AllOf;
using testing::Ending;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RawGuest;
using testing::ReleaseRig;

// Between two runs of the server, by somebody with the file but not the key.
void Damage(ReleaseRig* rig, const std::string& sql) {
  rig->Restart([&sql](Config* config) {
    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open(config->store.c_str(), &raw), SQLITE_OK);
    const SqlitePtr database(raw);
    ASSERT_EQ(sqlite3_exec(raw, sql.c_str(), nullptr, nullptr, nullptr),
              SQLITE_OK);
  });
}

Ending RefusalOf(const ReleaseRig& rig) {
  RawGuest guest(rig);
  return guest.Refused(guest.EvidenceFor(guest.Open()));
}

// It is the operator's business, and no guest is to learn which records there
// are.
TEST(DamagedStoreRelease, AGuestLearnsNothingOfADamagedPolicy) {
  ReleaseRig rig;
  Damage(&rig, "UPDATE policies SET policy = zeroblob(40)");
  const Ending ending = RefusalOf(rig);
  EXPECT_EQ(ending.reason, "internal");
  EXPECT_THAT(ending.status.error_message(),
              AllOf(Not(HasSubstr("policy")), Not(HasSubstr("store"))));
  EXPECT_THAT(rig.Audit(ending.audit_id),
              AllOf(HasSubstr("\"reason\":\"internal\""), HasSubstr("policy"),
                    HasSubstr("\"kind\":\"refusal\"")));
}

// It is read only once the release is on record; nothing goes out without.
TEST(DamagedStoreRelease, AReleaseThatCouldNotBeSentIsToldBesideItsRecord) {
  ReleaseRig rig;
  Damage(&rig, "UPDATE versions SET passphrase = zeroblob(40)");
  const Ending ending = RefusalOf(rig);
  EXPECT_EQ(ending.reason, "internal");
  EXPECT_THAT(rig.Audit(ending.audit_id),
              AllOf(HasSubstr("\"kind\":\"release\""),
                    HasSubstr("\"result\":\"failed\""),
                    HasSubstr("\"detail\":\"not sent: ")));
}

}  // namespace
}  // namespace tdxvfs::keyserver
