// SPDX-License-Identifier: Apache-2.0
#include "luks/image/verity_tree.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "common/hex.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::image {
namespace {

using testing::Fails;
using testing::RunTool;
using testing::Slurp;
using testing::Spill;
using testing::Succeeds;
using testing::TemporaryFolder;
using testing::ToolResult;

constexpr std::size_t kPiece = 1000;  // blocks a call, no multiple of 128

std::string RandomBlocks(std::uint64_t blocks) {
  std::mt19937_64 numbers(blocks);
  std::string data(blocks * kVerityBlockSize, '\0');
  for (std::size_t i = 0; i < data.size(); i += 64) {
    data[i] = static_cast<char>(numbers());
  }
  return data;
}

struct HashTree {
  std::string bytes;
  std::string root;  // hex
};

Result<HashTree> Build(std::string_view data,
                       std::span<const std::uint8_t> salt) {
  const std::uint64_t blocks = data.size() / kVerityBlockSize;
  HashTree tree;
  tree.bytes.assign(VerityTreeBlocks(blocks) * kVerityBlockSize, '?');
  ASSIGN_OR_RETURN(
      VerityTree builder,
      VerityTree::Create(blocks, salt, [&tree](auto at, auto bytes) {
        tree.bytes.replace(at * kVerityBlockSize, bytes.size(), AsText(bytes));
        return Result<void>();
      }));
  ASSIGN_OR_RETURN(VerityHash hash, VerityHash::Create(salt));
  std::vector<Sha256Digest> hashes;
  for (std::uint64_t block = 0; block < blocks; ++block) {
    ASSIGN_OR_RETURN(const Sha256Digest digest,
                     hash.Of(AsBytes(data.substr(block * kVerityBlockSize,
                                                 kVerityBlockSize))));
    hashes.push_back(digest);
    if (hashes.size() == kPiece || block + 1 == blocks) {
      RETURN_IF_ERROR(builder.Append(hashes));
      hashes.clear();
    }
  }
  ASSIGN_OR_RETURN(const Sha256Digest root, builder.Finish());
  tree.root = ToHex(root);
  return tree;
}

// What veritysetup makes of the same data: the tool is the judge of layout,
// salt and padding.
class VeritySizes : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  static std::string RootOf(const ToolResult& result) {
    const std::string mark = "Root hash:";
    const std::size_t at = result.output.find(mark);
    if (result.exit_code != 0 || at == std::string::npos) {
      return result.output;
    }
    const std::size_t start =
        result.output.find_first_not_of(" \t", at + mark.size());
    return result.output.substr(start, 64);
  }
  std::vector<std::string> Tool(const char* action,
                                const std::string& salt) const {
    return {"veritysetup",
            action,
            "--no-superblock",
            "--format=1",
            "--hash=sha256",
            "--data-block-size=4096",
            "--hash-block-size=4096",
            "--data-blocks=" + std::to_string(GetParam()),
            "--salt=" + salt,
            (folder_.path() / "data").string(),
            (folder_.path() / "tree").string()};
  }
  TemporaryFolder folder_;
};

TEST_P(VeritySizes, GiveTheTreeThatVeritysetupMakesAndAccepts) {
  const std::string data = RandomBlocks(GetParam());
  Spill(folder_.path() / "data", data);
  for (const std::string salt : {"-", "00ff10"}) {
    const auto salt_bytes = FromHex(salt == "-" ? "" : salt);
    ASSERT_OK_AND_ASSIGN(const HashTree ours, Build(data, *salt_bytes));
    Spill(folder_.path() / "tree", "");
    EXPECT_EQ(RootOf(RunTool(Tool("format", salt))), ours.root);
    std::string theirs = Slurp(folder_.path() / "tree");
    EXPECT_TRUE(theirs == ours.bytes)
        << theirs.size() << " and " << ours.bytes.size() << " bytes";
    Spill(folder_.path() / "tree", ours.bytes);
    auto verify = Tool("verify", salt);
    verify.push_back(ours.root);
    const ToolResult verified = RunTool(verify);
    EXPECT_EQ(verified.exit_code, 0) << verified.output;
  }
}

INSTANTIATE_TEST_SUITE_P(Blocks, VeritySizes,
                         ::testing::Values(2, 3, 127, 128, 129, 255, 256, 257,
                                           1000, 128 * 128 - 1, 128 * 128,
                                           128 * 128 + 1, 128 * 129 + 5));

TEST(VerityTree, OneBlockHasNoTreeAndItsOwnHashIsTheRoot) {
  const std::string data = RandomBlocks(1);
  ASSERT_OK_AND_ASSIGN(const HashTree tree, Build(data, {}));
  EXPECT_TRUE(tree.bytes.empty());
  EXPECT_EQ(tree.root, ToHex(Sha256(AsBytes(data)).value()));
}

TEST(VerityTree, NoBlocksAreRefused) {
  EXPECT_EQ(VerityTreeBlocks(0), 0U);
  EXPECT_THAT(VerityTree::Create(0, {}, nullptr), Fails(Reason::kUsage));
}

TEST(VerityTree, ALongSaltIsRefused) {
  EXPECT_THAT(VerityHash::Create(std::vector<std::uint8_t>(256)), Succeeds());
  EXPECT_THAT(VerityHash::Create(std::vector<std::uint8_t>(257)),
              Fails(Reason::kUsage));
}

TEST(VerityTree, MoreOrFewerBlocksThanAnnouncedAreRefused) {
  const std::vector<Sha256Digest> hashes(4);
  ASSERT_OK_AND_ASSIGN(
      VerityTree tree,
      VerityTree::Create(3, {}, [](auto, auto) { return Result<void>(); }));
  EXPECT_THAT(tree.Append(hashes), Fails(Reason::kInternal));
  EXPECT_THAT(tree.Append(std::span(hashes).first(2)), Succeeds());
  EXPECT_THAT(tree.Finish(), Fails(Reason::kInternal));
}

TEST(VerityTree, AFailingSinkEndsTheBuild) {
  const std::vector<Sha256Digest> hashes(129);
  ASSERT_OK_AND_ASSIGN(
      VerityTree tree, VerityTree::Create(129, {}, [](auto, auto) {
        return Result<void>(Error(Reason::kNoSpace, "disk is full"));
      }));
  EXPECT_THAT(tree.Append(hashes), Fails(Reason::kNoSpace));
}

TEST(VerityTree, LevelsLieTopmostFirst) {
  const auto levels = VerityLevels(128 * 128 + 1);
  ASSERT_EQ(levels.size(), 3U);
  EXPECT_EQ(levels[2].first_block, 0U);
  EXPECT_EQ(levels[2].blocks, 1U);
  EXPECT_EQ(levels[1].first_block, 1U);
  EXPECT_EQ(levels[1].blocks, 2U);
  EXPECT_EQ(levels[0].first_block, 3U);
  EXPECT_EQ(levels[0].blocks, 129U);
  EXPECT_EQ(VerityTreeBlocks(std::uint64_t{1} << 40U),
            8589934592U + 67108864U + 524288U + 4096U + 32U + 1U);
}

}  // namespace
}  // namespace tdxvfs::image
