// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_BENCH_SERVER_PROGRAM_H_
#define TDXVFS_BENCH_SERVER_PROGRAM_H_

#include <sys/types.h>

#include <filesystem>
#include <string>

namespace tdxvfs::bench {

// From now on this process, the threads and the programs that it starts run on
// this core alone. Failures end the program.
void StayOnCore(int core);

// The real tdxvfs-keyserver as a process on a core of its own. It gets the
// guests' listening socket as systemd passes one, so that guests can connect
// from the first moment. Its log goes into `server.log` in `folder`. Failures
// end the program.
class ServerProgram {
 public:
  struct Command {
    std::filesystem::path program;
    std::filesystem::path config;
    std::filesystem::path folder;
    int core = 0;
  };
  explicit ServerProgram(const Command& command);
  ServerProgram(const ServerProgram&) = delete;
  ServerProgram& operator=(const ServerProgram&) = delete;
  // Ends it as systemd would and waits for it.
  ~ServerProgram();

  const std::string& address() const { return address_; }

  // Memory in MiB: resident now, and the most there ever was.
  struct Memory {
    double resident = 0;
    double peak = 0;
  };
  Memory Look() const;
  // User and system time so far.
  double CpuSeconds() const;

 private:
  pid_t process_ = 0;
  std::string address_;
};

}  // namespace tdxvfs::bench

#endif  // TDXVFS_BENCH_SERVER_PROGRAM_H_
