// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_ADMIN_ADMINISTRATOR_H_
#define TDXVFS_KEYSERVER_ADMIN_ADMINISTRATOR_H_

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "common/result.h"

namespace tdxvfs::keyserver {

// Who calls, and which roles they have.
struct Administrator {
  std::string name;    // as log and records name the author
  bool local = false;  // over the Unix socket
  bool admin = false;
  bool auditor = false;
  std::set<std::string, std::less<>> volumes;  // administers these

  // Root or the server's own user, over the Unix socket.
  static Administrator Local();
  bool Administers(std::string_view volume) const {
    return admin || volumes.contains(volume);
  }
  // Whether they may read about every volume.
  bool ReadsAll() const { return admin || auditor; }
};

// What a call is about, as its role row says.
enum class Scope : std::uint8_t {
  kMachine,     // keys and files of the machine: its root alone, no role
  kNoVolume,    // no volume at all: administrators of any volume too
  kVolume,      // the volume that the request names; none named means all
  kOwnVolumes,  // the same; but none named means all that the caller
                // administers
  kOneRecord,   // an audit record; the service looks whose volume it is of
};

// One row of the role table: who besides `admin` may call a method.
struct MethodRole {
  std::string_view method;  // of tdxvfs.admin.v1.Administration
  Scope scope = Scope::kMachine;
  bool auditor = false;  // may read it
};

// The row of a method. A method without one is for the local root
// alone.
MethodRole RoleOf(std::string_view method);
// Whether there is a row at all; a test asks it for every method.
bool HasRole(std::string_view method);

// Whether somebody with these roles may call the method at all. Fails with
// kPermission.
Result<void> CheckMethod(const Administrator& caller, std::string_view method);

// Whether they may call it about this volume; empty: about all of them. Fails
// with kPermission.
Result<void> CheckVolume(const Administrator& caller, std::string_view method,
                         std::string_view volume);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_ADMIN_ADMINISTRATOR_H_
