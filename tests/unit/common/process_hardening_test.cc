// SPDX-License-Identifier: Apache-2.0
#include "common/process_hardening.h"

#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string_view>

#include <gtest/gtest.h>

namespace tdxvfs {
namespace {

// In a child: hardening cannot be taken back.
void Harden() {
  rlimit core{};
  const bool hard = HardenProcess().has_value() &&
                    getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0 &&
                    prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
  _exit(hard ? 0 : 1);
}

TEST(HardenProcess, G1_SwitchesCoreDumpsAndTracingOff) {
  EXPECT_EXIT(Harden(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace tdxvfs
