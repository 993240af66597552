// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_TESTS_SUPPORT_FAULTY_VFS_H_
#define TDXVFS_TESTS_SUPPORT_FAULTY_VFS_H_

#include <functional>

namespace tdxvfs::testing {

// What happens at a change that SQLite makes to a file system.
enum class Fault {
  kKill,      // the process ends at once, without the change
  kFull,      // the disk is full, from then on
  kReadOnly,  // the disk is read-only, from then on
};

// From now on, the `at`th change (a write, sync, truncation, removal or a new
// file; counted from 1) that SQLite makes in this process meets the fault. To
// be used in a process of its own: FaultyProcess.
void FailSqliteAt(int at, Fault fault);

// Runs `work` in a child process, in which SQLite meets a fault at its `at`th
// change. Returns false when the child ended without meeting it.
bool RunWithFault(int at, Fault fault, const std::function<void()>& work);

}  // namespace tdxvfs::testing

#endif  // TDXVFS_TESTS_SUPPORT_FAULTY_VFS_H_
