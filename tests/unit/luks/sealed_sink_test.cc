// SPDX-License-Identifier: Apache-2.0
#include "luks/image/sealed_sink.h"

#include <fcntl.h>
#include <unistd.h>

#include <random>
#include <string>
#include <vector>

#include "common/hex.h"
#include "common/unique_fd.h"
#include "luks/image/pending_file.h"
#include "luks/image/sector_cipher.h"
#include "luks/image/verity_tree.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::image {
namespace {

using testing::Fails;
using testing::SecretOf;
using testing::Slurp;
using testing::Succeeds;
using testing::TemporaryFolder;

constexpr std::uint64_t kOffset = 12288;  // bytes, of the segment

std::string RandomImage(std::size_t blocks) {
  std::mt19937_64 numbers(blocks);
  std::string data(blocks * kImageBlockSize, '\0');
  for (std::size_t i = 0; i < data.size(); i += 32) {
    data[i] = static_cast<char>(numbers());
  }
  return data;
}

class SealedSinkTest : public ::testing::Test {
 protected:
  SealedSinkTest()
      : file_(::open((folder_.path() / "image").c_str(),
                     O_CREAT | O_RDWR | O_CLOEXEC, 0600)) {}
  Result<std::unique_ptr<SealedSink>> Sink(std::size_t salt_size = 32) const {
    return SealedSink::Create(
        {.descriptor = file_.get(), .offset = kOffset, .name = "image"}, key_,
        std::vector<std::uint8_t>(salt_size, 7), folder_.path());
  }
  // The segment in the clear.
  std::string Clear() const {
    std::string data = Slurp(folder_.path() / "image").substr(kOffset);
    auto cipher =
        SectorCipher::Create(key_, 4096, SectorCipher::Direction::kDecrypt);
    EXPECT_THAT(cipher, Succeeds());
    EXPECT_THAT(
        cipher->Process(
            0, {reinterpret_cast<std::uint8_t*>(data.data()), data.size()}),
        Succeeds());
    return data;
  }
  // The root hash by the tree alone, without pipeline and spill.
  static std::string RootOf(const std::string& data) {
    const std::vector<std::uint8_t> salt(32, 7);
    auto hash = VerityHash::Create(salt);
    auto tree = VerityTree::Create(data.size() / kImageBlockSize, salt,
                                   [](auto, auto) { return Result<void>(); });
    for (std::size_t at = 0; at < data.size(); at += kImageBlockSize) {
      const Sha256Digest digest =
          hash->Of(AsBytes(data).subspan(at, kImageBlockSize)).value();
      EXPECT_THAT(tree->Append({&digest, 1}), Succeeds());
    }
    return ToHex(tree->Finish().value());
  }
  TemporaryFolder folder_;
  UniqueFd file_;
  Secret key_ = SecretOf(std::string(32, 'a') + std::string(32, 'b'));
};

class SealedSizes : public SealedSinkTest,
                    public ::testing::WithParamInterface<std::size_t> {};

TEST_P(SealedSizes, KeepDataAndTreeInOrder) {
  const std::string data = RandomImage(GetParam());
  ASSERT_OK_AND_ASSIGN(const auto sink, Sink());
  // Pieces that fit neither blocks nor the ring.
  for (std::size_t at = kImageBlockSize; at < data.size(); at += 100'003) {
    ASSERT_THAT(sink->Append(AsBytes(data).subspan(
                    at, std::min<std::size_t>(100'003, data.size() - at))),
                Succeeds());
  }
  ASSERT_THAT(sink->PutFirstBlock(AsBytes(data).first(kImageBlockSize)),
              Succeeds());
  ASSERT_OK_AND_ASSIGN(const luks::VerityParameters verity, sink->Finish());
  EXPECT_EQ(verity.data_blocks, GetParam());
  EXPECT_EQ(verity.hash_start_block, GetParam());
  EXPECT_EQ(ToHex(verity.root_hash), RootOf(data));
  const std::string clear = Clear();
  EXPECT_EQ(clear.size(), sink->size());
  EXPECT_TRUE(clear.substr(0, data.size()) == data);
}

// 40000 blocks are more hashes than are held in memory.
INSTANTIATE_TEST_SUITE_P(Blocks, SealedSizes,
                         ::testing::Values(1, 2, 128, 129, 256, 257, 3000,
                                           40'000));

TEST_F(SealedSinkTest, AHalfBlockAtTheEndIsRefused) {
  ASSERT_OK_AND_ASSIGN(const auto sink, Sink());
  ASSERT_THAT(sink->Append(std::vector<std::uint8_t>(100)), Succeeds());
  const auto first =
      sink->PutFirstBlock(std::vector<std::uint8_t>(kImageBlockSize));
  EXPECT_THAT(first, Fails(Reason::kInternal));
}

TEST_F(SealedSinkTest, ALongSaltIsRefused) {
  EXPECT_THAT(Sink(257), Fails(Reason::kUsage));
}

TEST_F(SealedSinkTest, AFailedWriteComesBackWithItsReason) {
  file_ = UniqueFd(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  ASSERT_OK_AND_ASSIGN(const auto sink, Sink());
  const std::vector<std::uint8_t> piece(kSealPiece);
  Result<void> appended;
  for (int i = 0; i < 1000 && appended.has_value(); ++i) {
    appended = sink->Append(piece);
  }
  EXPECT_THAT(appended, Fails(Reason::kNoSpace));
}

TEST_F(SealedSinkTest, MayBeLeftInTheMiddle) {
  ASSERT_OK_AND_ASSIGN(const auto sink, Sink());
  const std::vector<std::uint8_t> piece(kSealPiece);
  for (int i = 0; i < 5; ++i) {
    ASSERT_THAT(sink->Append(piece), Succeeds());
  }
}

TEST(HashSpill, GivesBackEveryHashInOrderAndLeavesNoName) {
  const TemporaryFolder folder;
  ASSERT_OK_AND_ASSIGN(HashSpill spill, HashSpill::Create(folder.path()));
  constexpr std::uint32_t hash_count = 100'001;
  const auto hash_of = [](std::uint32_t number) {
    Sha256Digest hash{};
    for (std::size_t i = 0; i < 4; ++i) {
      hash.at(i) = static_cast<std::uint8_t>(number >> (8 * i));
    }
    return hash;
  };
  for (std::uint32_t i = 0; i < hash_count; ++i) {
    const Sha256Digest hash = hash_of(i);
    ASSERT_THAT(spill.Append({&hash, 1}), Succeeds());
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  std::uint32_t next = 0;
  ASSERT_THAT(spill.Replay([&](std::span<const Sha256Digest> hashes) {
    for (const Sha256Digest& hash : hashes) {
      EXPECT_EQ(hash, hash_of(next++));
    }
    return Result<void>();
  }),
              Succeeds());
  EXPECT_EQ(next, hash_count);
}

TEST(HashSpill, AFolderThatIsGoneIsNamed) {
  ASSERT_OK_AND_ASSIGN(HashSpill spill, HashSpill::Create("/nonexistent"));
  const std::vector<Sha256Digest> many(40'000);
  EXPECT_THAT(spill.Append(many), Fails(Reason::kFileNotFound));
}

}  // namespace
}  // namespace tdxvfs::image
