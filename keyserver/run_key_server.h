// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_RUN_KEY_SERVER_H_
#define TDXVFS_KEYSERVER_RUN_KEY_SERVER_H_

namespace tdxvfs::keyserver {

// The whole program: reads the command line, does what it asks for and reports.
// Returns the exit code: 0, or the family of the failure's reason.
int RunKeyServer(int argc, const char* const* argv);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_RUN_KEY_SERVER_H_
