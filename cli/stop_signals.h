// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_STOP_SIGNALS_H_
#define TDXVFS_CLI_STOP_SIGNALS_H_

#include <signal.h>

#include <array>

namespace tdxvfs::cli {

// While it lives, SIGINT, SIGTERM and SIGHUP are only noted, so that what was
// begun can be taken away first; what the caller had ignored stays ignored.
// One at a time.
class StopSignals {
 public:
  StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  ~StopSignals();

  [[nodiscard]] static bool Came();
  // Ends the process by the signal that came, as if it had not been noted;
  // returns when none did.
  void DieIfCame();

 private:
  static constexpr std::array<int, 3> kNoted{SIGINT, SIGTERM, SIGHUP};
  void Restore();
  std::array<struct sigaction, kNoted.size()> before_{};
};

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_STOP_SIGNALS_H_
