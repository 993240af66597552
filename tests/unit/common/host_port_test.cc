// SPDX-License-Identifier: Apache-2.0
#include "common/host_port.h"

#include <gtest/gtest.h>

namespace tdxvfs {
namespace {

// The resolver makes port 34463 of 99999, and a port of the kernel's choice of
// none at all.
TEST(HostPort, HasAHostAndANumberThatIsAPort) {
  for (const char* const address :
       {"127.0.0.1:99999", "127.0.0.1:65536", "127.0.0.1:", "127.0.0.1:-1",
        "127.0.0.1: 1", "127.0.0.1:1 ", "127.0.0.1:0x1", "127.0.0.1:https",
        "::1:8443", "[::1:8443", "::1]:8443", "8443", ""}) {
    EXPECT_FALSE(IsHostPort(address)) << address;
  }
  for (const char* const address : {"127.0.0.1:0", "keys.example.com:65535",
                                    "[::]:8443", "[::1]:1", ":8443"}) {
    EXPECT_TRUE(IsHostPort(address)) << address;
  }
}

}  // namespace
}  // namespace tdxvfs
