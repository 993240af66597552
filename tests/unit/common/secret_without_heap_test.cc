// SPDX-License-Identifier: Apache-2.0
// A program of its own, because the secure heap cannot be taken away again
// from one that has it.
#include <sys/resource.h>
#include <unistd.h>

#include <string>

#include <gtest/gtest.h>

#include "common/hex.h"
#include "common/secret.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs {
namespace {

using ::tdxvfs::testing::Fails;

TEST(SecretWithoutHeap, G1_RefusesToExist) {
  EXPECT_THAT(Secret::Random(32), Fails(Reason::kInternal));
  EXPECT_THAT(Secret::CopyOf(AsBytes("key")), Fails(Reason::kInternal));
  EXPECT_THAT(Secret::CopyOf({}), Fails(Reason::kInternal));
  std::string field = "key";
  EXPECT_THAT(Secret::TakeFrom(field), Fails(Reason::kInternal));
  EXPECT_TRUE(field.empty());
}

// Root may lock memory whatever the limit, so this child gives root up.
void TryWithoutLockableMemory() {
  const rlimit none{0, 0};
  if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 ||
      (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)) {
    _exit(2);
  }
  const bool refused_twice = !PrepareSecretMemory().has_value() &&
                             !PrepareSecretMemory().has_value() &&
                             !Secret::Random(32).has_value();
  _exit(refused_twice ? 0 : 1);
}

TEST(SecretWithoutHeap, G1_RefusesMemoryThatCannotBeLocked) {
  EXPECT_EXIT(TryWithoutLockableMemory(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace tdxvfs
