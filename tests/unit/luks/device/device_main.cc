// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include <string_view>

#include <gtest/gtest.h>

#include "common/secret.h"
#include "tests/unit/luks/device/device_fixture.h"

// luks_device_test --prepare DIR     makes the images, where the tools are
// luks_device_test --fixtures DIR    tests with them, in the guest, as root
// luks_device_test --open DIR IMAGE MOUNT, --close DIR IMAGE MOUNT
//                                    one step of volume dt-one, to be killed
int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const auto prepared = tdxvfs::PrepareSecretMemory();
  if (!prepared.has_value()) {
    (void)::fprintf(stderr, "%s\n", prepared.error().ToString().c_str());
    return 1;
  }
  const std::string_view verb = argc == 3 ? argv[1] : "";
  if (verb == "--prepare") {
    return tdxvfs::testing::MakeFixtures(argv[2]) ? 0 : 1;
  }
  if (verb == "--fixtures") {
    tdxvfs::testing::SetFixtures(argv[2]);
  }
  if (argc == 5) {
    tdxvfs::testing::SetFixtures(argv[2]);
    return tdxvfs::testing::RunStep(argv[1], argv[3], argv[4]) ? 0 : 1;
  }
  return RUN_ALL_TESTS();
}
