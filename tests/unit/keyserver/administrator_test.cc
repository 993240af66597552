// SPDX-License-Identifier: Apache-2.0
#include "keyserver/admin/administrator.h"

#include <string>

#include <google/protobuf/descriptor.h>

#include "tdxvfs/admin/v1/admin.pb.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::keyserver {
namespace {

using testing::Fails;
using testing::Succeeds;

const google::protobuf::ServiceDescriptor& Service() {
  const auto* const service =
      admin::v1::Empty::descriptor()->file()->FindServiceByName(
          "Administration");
  EXPECT_NE(service, nullptr);
  return *service;
}

Administrator VolumeAdministrator() {
  Administrator caller;
  caller.name = "CN=carol";
  caller.volumes = {"data"};
  return caller;
}

Administrator Auditor() {
  Administrator caller;
  caller.name = "CN=alice";
  caller.auditor = true;
  return caller;
}

// Each role by itself: one lets nobody do by the other what neither allows.
TEST(RoleTable, AnAuditorWhoAdministersAVolumeChangesNoOther) {
  Administrator caller = VolumeAdministrator();
  caller.auditor = true;
  EXPECT_THAT(CheckVolume(caller, "PutPolicy", "data"), Succeeds());
  EXPECT_THAT(CheckVolume(caller, "GetPolicy", "other"), Succeeds());
  for (const char* method : {"PutPolicy", "RetireVersion", "SetDisabled"}) {
    EXPECT_THAT(CheckVolume(caller, method, "other"),
                Fails(Reason::kPermission))
        << method;
  }
}

// Whoever adds a method decides who may call it, in the role table.
TEST(RoleTable, HasARowForEveryMethod) {
  for (int i = 0; i < Service().method_count(); ++i) {
    const std::string method = Service().method(i)->name();
    EXPECT_TRUE(HasRole(method))
        << method << " has no row in keyserver/admin/administrator.cc";
  }
}

// What the row says about volumes is what the service checks by the request.
TEST(RoleTable, VolumeMethodsNameTheirVolume) {
  for (int i = 0; i < Service().method_count(); ++i) {
    const auto* const method = Service().method(i);
    const Scope scope = RoleOf(method->name()).scope;
    if (scope == Scope::kVolume || scope == Scope::kOwnVolumes) {
      const auto& request = *method->input_type();
      const auto* const filter = request.FindFieldByName("filter");
      const auto& named = filter == nullptr ? request : *filter->message_type();
      EXPECT_NE(named.FindFieldByName("volume"), nullptr) << method->name();
    }
  }
}

TEST(RoleTable, LeavesUnknownMethodsToTheLocalRootAlone) {
  Administrator remote = VolumeAdministrator();
  remote.admin = true;
  for (const char* const method :
       {"DeleteEverything", "", "putversion", "/grpc.reflection/Info"}) {
    EXPECT_THAT(CheckMethod(VolumeAdministrator(), method),
                Fails(Reason::kPermission));
    EXPECT_THAT(CheckVolume(VolumeAdministrator(), method, "data"),
                Fails(Reason::kPermission));
    EXPECT_THAT(CheckMethod(Auditor(), method), Fails(Reason::kPermission));
    EXPECT_THAT(CheckMethod(remote, method), Fails(Reason::kPermission));
    EXPECT_THAT(CheckMethod(Administrator::Local(), method), Succeeds());
  }
}

// Whoever is on the machine has its keys and files; no certificate gives them.
TEST(RoleTable, MasterKeyAndBackupAreForTheLocalRootAlone) {
  Administrator remote;
  remote.admin = true;
  for (const char* const method :
       {"RotateMasterKey", "FinishRotation", "Backup"}) {
    EXPECT_THAT(CheckVolume(remote, method, ""), Fails(Reason::kPermission));
    EXPECT_THAT(CheckVolume(Auditor(), method, ""), Fails(Reason::kPermission));
    EXPECT_THAT(CheckVolume(Administrator::Local(), method, ""), Succeeds());
  }
}

TEST(RoleTable, AuditorsReadAndChangeNothing) {
  for (const char* const method :
       {"ListVersions", "GetPolicy", "ListAudit", "GetAudit", "ExportAudit",
        "TestPolicy", "ListGuests", "ListPolicies"}) {
    EXPECT_THAT(CheckMethod(Auditor(), method), Succeeds()) << method;
    EXPECT_THAT(CheckVolume(Auditor(), method, ""), Succeeds()) << method;
  }
  for (const char* const method :
       {"MakePassphrase", "PutVersion", "RetireVersion", "SetDisabled",
        "PutPolicy", "SetLimits", "DeleteVersion", "UndeleteVersion",
        "RollbackPolicy"}) {
    EXPECT_THAT(CheckMethod(Auditor(), method), Fails(Reason::kPermission));
    EXPECT_THAT(CheckVolume(Auditor(), method, "data"),
                Fails(Reason::kPermission));
  }
}

TEST(RoleTable, VolumeAdministratorsKeepToTheirVolume) {
  for (const char* const method :
       {"PutVersion", "RetireVersion", "SetDisabled", "PutPolicy", "GetPolicy",
        "ListAudit", "ExportAudit", "TestPolicy", "SetLimits", "DeleteVersion",
        "UndeleteVersion", "ListGuests", "ListPolicies", "RollbackPolicy"}) {
    const Administrator carol = VolumeAdministrator();
    EXPECT_THAT(CheckMethod(carol, method), Succeeds()) << method;
    EXPECT_THAT(CheckVolume(carol, method, "data"), Succeeds()) << method;
    for (const char* const other : {"other", "", "dat", "data2"}) {
      EXPECT_THAT(CheckVolume(carol, method, other), Fails(Reason::kPermission))
          << method << " " << other;
    }
  }
  EXPECT_THAT(CheckVolume(VolumeAdministrator(), "MakePassphrase", ""),
              Succeeds());
}

// The service then lists what they administer and nothing else.
TEST(RoleTable, VolumeAdministratorsMayListWithoutNamingAVolume) {
  const Administrator carol = VolumeAdministrator();
  EXPECT_THAT(CheckVolume(carol, "ListVersions", "data"), Succeeds());
  EXPECT_THAT(CheckVolume(carol, "ListVersions", ""), Succeeds());
  EXPECT_THAT(CheckVolume(carol, "ListVersions", "other"),
              Fails(Reason::kPermission));
  EXPECT_THAT(CheckVolume({}, "ListVersions", ""), Fails(Reason::kPermission));
}

TEST(RoleTable, NoRoleMeansNoCall) {
  const Administrator nobody;
  for (int i = 0; i < Service().method_count(); ++i) {
    const std::string method = Service().method(i)->name();
    EXPECT_THAT(CheckMethod(nobody, method), Fails(Reason::kPermission));
    EXPECT_THAT(CheckVolume(nobody, method, ""), Fails(Reason::kPermission));
  }
}

}  // namespace
}  // namespace tdxvfs::keyserver
