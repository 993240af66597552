// SPDX-License-Identifier: Apache-2.0
#include "luks/image/direct_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "luks/image/pending_file.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace tdxvfs::image {
namespace {

using testing::Succeeds;
using testing::TemporaryFolder;

// Whether the file system takes direct writes or not, the file's own
// descriptor and the other one show the same bytes.
TEST(DirectOutput, IsTheSameFile) {
  const TemporaryFolder folder;
  ASSERT_OK_AND_ASSIGN(const UniqueFd file, OpenScratchFile(folder.path()));
  const UniqueFd direct = OpenDirect(file.get(), kDirectBlock);
  const DirectBytes bytes(2 * kDirectBlock, 7);
  ASSERT_THAT(
      WriteAll(direct.valid() ? direct.get() : file.get(), kDirectBlock, bytes),
      Succeeds());
  std::vector<std::uint8_t> read(bytes.size());
  ASSERT_THAT(ReadAll(file.get(), kDirectBlock, read), Succeeds());
  EXPECT_TRUE(std::ranges::equal(read, bytes));
}

TEST(DirectOutput, WhatHasNoPlacesIsNotWrittenDirectly) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  const UniqueFd out(ends[0]);
  const UniqueFd in(ends[1]);
  EXPECT_FALSE(OpenDirect(in.get(), 0).valid());
  EXPECT_FALSE(OpenDirect(-1, 0).valid());
}

TEST(DirectOutput, BytesLieOnABlockAfterTheyGrow) {
  DirectBytes bytes;
  for (std::size_t size = 1; size < std::size_t{1} << 20U; size *= 3) {
    bytes.resize(size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(bytes.data()) % kDirectBlock,
              0U);
  }
}

}  // namespace
}  // namespace tdxvfs::image
