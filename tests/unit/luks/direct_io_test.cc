// SPDX-License-Identifier: Apache-2.0
#include "luks/image/direct_io.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "luks/image/pending_file.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace tdxvfs::image {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using testing::Succeeds;
using testing::TemporaryFolder;

// Whether the file system takes direct writes or not, and whether the bytes
// allow them or not, the file holds what was written.
TEST(DirectOutput, WritesWhatItIsGiven) {
  const TemporaryFolder folder;
  ASSERT_OK_AND_ASSIGN(const UniqueFd file, OpenScratchFile(folder.path()));
  const DirectOutput output(file.get(), kDirectBlock, "image");
  const DirectBytes bytes(2 * kDirectBlock, 7);
  ASSERT_THAT(output.Write(kDirectBlock, bytes), Succeeds());
  const auto odd = std::span(bytes).subspan(1, 100);
  ASSERT_THAT(output.Write(3 * kDirectBlock, odd), Succeeds());
  std::vector<std::uint8_t> read(bytes.size() + odd.size());
  ASSERT_THAT(ReadAll(file.get(), kDirectBlock, read), Succeeds());
  EXPECT_THAT(read, Each(7));
}

TEST(DirectOutput, WhatHasNoPlacesIsNotWrittenDirectly) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  const UniqueFd out(ends[0]);
  const UniqueFd in(ends[1]);
  EXPECT_FALSE(DirectOutput(in.get(), 0, "pipe").is_direct());
  const DirectOutput nothing(-1, 0, "nothing");
  EXPECT_FALSE(nothing.is_direct());
  const Result<void> written = nothing.Write(0, DirectBytes(kDirectBlock));
  ASSERT_FALSE(written.has_value());
  EXPECT_THAT(written.error().ToString(), HasSubstr("'nothing'"));
}

TEST(DirectInput, ReadsAllOrSaysThatItDidNot) {
  const TemporaryFolder folder;
  ASSERT_OK_AND_ASSIGN(const UniqueFd file, OpenScratchFile(folder.path()));
  const bool is_direct = DirectOutput(file.get(), 0, "image").is_direct();
  const DirectBytes written(2 * kDirectBlock, 7);
  const DirectInput input(file.get());
  DirectBytes read(2 * kDirectBlock);
  ASSERT_THAT(WriteAll(file.get(), 0, written), Succeeds());
  ASSERT_EQ(input.Read(0, read), is_direct) << "what takes one takes the other";
  if (is_direct) {
    EXPECT_EQ(read, written);
  }
  EXPECT_FALSE(input.Read(kDirectBlock, read)) << "the file ends before it";
  EXPECT_FALSE(input.Read(1, std::span(read).first(kDirectBlock)));
  EXPECT_FALSE(input.Read(0, std::span(read).subspan(1, kDirectBlock)));
  EXPECT_FALSE(input.Read(0, std::span(read).first(100)));
  EXPECT_FALSE(DirectInput(-1).Read(0, read));
}

TEST(DirectBytes, LieOnABlockAfterTheyGrow) {
  DirectBytes bytes;
  for (std::size_t size = 1; size < std::size_t{1} << 20U; size *= 3) {
    bytes.resize(size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(bytes.data()) % kDirectBlock,
              0U);
  }
}

}  // namespace
}  // namespace tdxvfs::image
