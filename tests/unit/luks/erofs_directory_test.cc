// SPDX-License-Identifier: Apache-2.0
#include "luks/image/erofs_directory.h"

#include <string>
#include <vector>

#include "luks/image/erofs_format.h"
#include "luks/image/erofs_parse.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::image {
namespace {

using testing::Fails;
using testing::Succeeds;

constexpr std::size_t kMany = 100'000;

std::string NameAt(std::size_t position) {
  std::string number = std::to_string(position);
  return "name" + std::string(8 - number.size(), '0') + number;
}

// What bounds the memory of a folder with a million names: nothing but the
// block at hand is held.
TEST(ErofsDirectory, ManyNamesComeBlockByBlock) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kMany; ++i) {
    names.push_back(NameAt(i));
  }
  std::size_t asked = 0;
  std::size_t read = 0;
  std::size_t short_pieces = 0;
  ASSERT_THAT(EncodeErofsDirectory(
                  kMany,
                  [&](std::size_t position) -> ErofsEntry {
                    EXPECT_EQ(position, asked++);
                    return {names[position], position + 7, 1};
                  },
                  [&](std::span<const std::uint8_t> piece) -> Result<void> {
                    short_pieces += piece.size() < kErofsBlock ? 1U : 0U;
                    // At most one block of entries is ahead of what was handed
                    // out.
                    EXPECT_LE(asked - read, kErofsBlock / 12);
                    ASSIGN_OR_RETURN(const auto block,
                                     ParseErofsDirectoryBlock(piece, ""));
                    for (const ErofsName& entry : block) {
                      EXPECT_EQ(entry.name, names[read]);
                      EXPECT_EQ(entry.inode, read + 7);
                      ++read;
                    }
                    return {};
                  }),
              Succeeds());
  EXPECT_EQ(asked, kMany);
  EXPECT_EQ(read, kMany);
  EXPECT_LE(short_pieces, 1U);
}

// An entry of 12 bytes and a name of 116 are 128: 32 of them fill a block.
TEST(ErofsDirectory, NamesThatFillBlocksExactlyComeBack) {
  for (const std::size_t count : {31U, 32U, 33U, 63U, 64U, 65U, 96U}) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i) {
      names.push_back(NameAt(i) + std::string(104, 'n'));
    }
    ASSERT_EQ(names[0].size(), 116U);
    std::size_t read = 0;
    std::vector<std::size_t> sizes;
    ASSERT_THAT(EncodeErofsDirectory(
                    count,
                    [&](std::size_t position) -> ErofsEntry {
                      return {names[position], position + 7, 1};
                    },
                    [&](std::span<const std::uint8_t> piece) -> Result<void> {
                      sizes.push_back(piece.size());
                      ASSIGN_OR_RETURN(const auto block,
                                       ParseErofsDirectoryBlock(piece, ""));
                      for (const ErofsName& entry : block) {
                        EXPECT_EQ(entry.name, names[read]);
                        EXPECT_EQ(entry.inode, read + 7);
                        ++read;
                      }
                      return {};
                    }),
                Succeeds());
    EXPECT_EQ(read, count);
    ASSERT_EQ(sizes.size(), (count + 31) / 32) << count;
    EXPECT_EQ(sizes.back(), (count - (sizes.size() - 1) * 32) * 128) << count;
  }
}

TEST(ErofsDirectory, FailsAsTheSinkDoes) {
  const std::string name(255, 'n');
  int pieces = 0;
  EXPECT_THAT(EncodeErofsDirectory(
                  100,
                  [&](std::size_t) -> ErofsEntry {
                    return {name, 1, 1};
                  },
                  [&](std::span<const std::uint8_t>) -> Result<void> {
                    ++pieces;
                    return Error(Reason::kNoSpace, "full");
                  }),
              Fails(Reason::kNoSpace));
  EXPECT_EQ(pieces, 1);
}

}  // namespace
}  // namespace tdxvfs::image
