// SPDX-License-Identifier: Apache-2.0
#include "keyserver/admin/administrator.h"

#include <algorithm>
#include <array>

namespace tdxvfs::keyserver {
namespace {

// Every method of the service has a row; a test fails when one has none.
constexpr std::array kRoles = {
    MethodRole{"MakePassphrase", Scope::kNoVolume, false},
    MethodRole{"PutVersion", Scope::kVolume, false},
    MethodRole{"ListVersions", Scope::kOwnVolumes, true},
    MethodRole{"RetireVersion", Scope::kVolume, false},
    MethodRole{"SetDisabled", Scope::kVolume, false},
    MethodRole{"PutPolicy", Scope::kVolume, false},
    MethodRole{"GetPolicy", Scope::kVolume, true},
    MethodRole{"ListAudit", Scope::kVolume, true},
    MethodRole{"GetAudit", Scope::kOneRecord, true},
    MethodRole{"ExportAudit", Scope::kVolume, true},
    MethodRole{"TestPolicy", Scope::kVolume, true},
    MethodRole{"SetLimits", Scope::kVolume, false},
    MethodRole{"DeleteVersion", Scope::kVolume, false},
    MethodRole{"UndeleteVersion", Scope::kVolume, false},
    MethodRole{"ListGuests", Scope::kVolume, true},
    MethodRole{"ListPolicies", Scope::kVolume, true},
    MethodRole{"RollbackPolicy", Scope::kVolume, false},
    MethodRole{"RotateMasterKey", Scope::kMachine, false},
    MethodRole{"FinishRotation", Scope::kMachine, false},
    MethodRole{"Backup", Scope::kMachine, false},
};

Error Denied(const Administrator& caller, std::string_view method,
             const std::string& object) {
  return {Reason::kPermission,
          caller.name + " may not call " + std::string(method) + object};
}

}  // namespace

Administrator Administrator::Local() {
  Administrator local;
  local.name = "local";
  local.local = true;
  local.admin = true;
  return local;
}

bool HasRole(std::string_view method) {
  return std::ranges::find(kRoles, method, &MethodRole::method) != kRoles.end();
}

MethodRole RoleOf(std::string_view method) {
  const auto* const row =
      std::ranges::find(kRoles, method, &MethodRole::method);
  return row == kRoles.end() ? MethodRole{.method = method} : *row;
}

Result<void> CheckMethod(const Administrator& caller, std::string_view method) {
  const MethodRole role = RoleOf(method);
  if (role.scope == Scope::kMachine) {
    return caller.local ? Result<void>() : Denied(caller, method, "");
  }
  if (caller.admin || !caller.volumes.empty() ||
      (role.auditor && caller.auditor)) {
    return {};
  }
  return Denied(caller, method, "");
}

Result<void> CheckVolume(const Administrator& caller, std::string_view method,
                         std::string_view volume) {
  const MethodRole role = RoleOf(method);
  RETURN_IF_ERROR(CheckMethod(caller, method));
  if (caller.admin || (role.auditor && caller.auditor)) {
    return {};
  }
  const bool asks_for_none =
      role.scope == Scope::kNoVolume || role.scope == Scope::kOneRecord ||
      (role.scope == Scope::kOwnVolumes && volume.empty());
  if (asks_for_none || caller.Administers(volume)) {
    return {};
  }
  return Denied(caller, method,
                volume.empty() ? " for all volumes"
                               : " for volume '" + std::string(volume) + "'");
}

}  // namespace tdxvfs::keyserver
