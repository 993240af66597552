// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_TESTS_FAKES_ODD_LISTENER_H_
#define TDXVFS_TESTS_FAKES_ODD_LISTENER_H_

#include <cstdint>
#include <thread>

#include "common/unique_fd.h"

namespace tdxvfs::testing {

// A loopback TCP port on which no TLS server answers.
class OddListener {
 public:
  enum class Manner : std::uint8_t {
    kSilent,  // the connection stands and nothing comes
    kReset,   // answered with RST
    kJunk,    // bytes that are no TLS
  };
  explicit OddListener(Manner manner);
  OddListener(const OddListener&) = delete;
  OddListener& operator=(const OddListener&) = delete;
  ~OddListener();

  std::uint16_t port() const { return port_; }

 private:
  void Serve(Manner manner) const;

  UniqueFd listener_;
  UniqueFd stop_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace tdxvfs::testing

#endif  // TDXVFS_TESTS_FAKES_ODD_LISTENER_H_
