// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include <gtest/gtest.h>

#include "common/secret.h"

// Every test program needs the secure heap; nothing else differs from GTest's
// own main.
int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const auto prepared = tdxvfs::PrepareSecretMemory();
  if (!prepared.has_value()) {
    (void)fprintf(stderr, "%s\n", prepared.error().ToString().c_str());
    return 1;
  }
  return RUN_ALL_TESTS();
}
