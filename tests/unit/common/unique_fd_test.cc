// SPDX-License-Identifier: Apache-2.0
#include "common/unique_fd.h"

#include <fcntl.h>

#include <utility>

#include <gtest/gtest.h>

namespace tdxvfs {
namespace {

int NewDescriptor() { return open("/dev/null", O_RDONLY | O_CLOEXEC); }
bool IsOpen(int descriptor) { return fcntl(descriptor, F_GETFD) >= 0; }

TEST(UniqueFd, ClosesWhenDestroyedAndWhenOverwritten) {
  const int first = NewDescriptor();
  const int second = NewDescriptor();
  {
    UniqueFd fd(first);
    fd = UniqueFd(second);
    EXPECT_FALSE(IsOpen(first));
    EXPECT_TRUE(IsOpen(second));
  }
  EXPECT_FALSE(IsOpen(second));
}

TEST(UniqueFd, GivesItsDescriptorUp) {
  UniqueFd fd(NewDescriptor());
  const UniqueFd moved = std::move(fd);
  // A moved-from owner is promised to be empty.
  // NOLINTNEXTLINE(bugprone-use-after-move,clang-analyzer-cplusplus.Move)
  EXPECT_FALSE(fd.valid());
  UniqueFd released(NewDescriptor());
  const int raw = released.Release();
  EXPECT_FALSE(released.valid());
  EXPECT_TRUE(IsOpen(raw));
  close(raw);
}

}  // namespace
}  // namespace tdxvfs
