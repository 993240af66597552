// SPDX-License-Identifier: Apache-2.0
#include "luks/header.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "common/hex.h"
#include "luks/crypt_device.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::luks {
namespace {

using testing::Fails;
using testing::MakeModel;
using testing::Pack;
using testing::Slurp;
using testing::Spill;
using testing::Succeeds;
using testing::TemporaryFolder;

class HeaderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    MakeModel(folder_.path() / "model", 1000);
    ASSERT_THAT(Pack(folder_.path() / "model", path_), Succeeds());
  }
  Result<Header> Read(std::uint64_t size = kDefaultHeaderSize) const {
    ASSIGN_OR_RETURN(const ImageFile image, ImageFile::Open(path_));
    return Header::Read(image, size);
  }
  TemporaryFolder folder_;
  const std::filesystem::path path_ = folder_.path() / "x.img";
};

TEST_F(HeaderTest, ItsMemoryHasAllFourSeals) {
  ASSERT_OK_AND_ASSIGN(const Header header, Read());
  constexpr int seals =
      F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  EXPECT_EQ(::fcntl(header.descriptor(), F_GET_SEALS) & seals, seals);
  EXPECT_EQ(::pwrite(header.descriptor(), "x", 1, 0), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(
      ::mmap(nullptr, 4096, PROT_WRITE, MAP_SHARED, header.descriptor(), 0),
      MAP_FAILED);
  EXPECT_NE(::fcntl(header.descriptor(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(HeaderTest, ItsDigestIsOfExactlyItsBytes) {
  ASSERT_OK_AND_ASSIGN(const Header header, Read());
  const std::string image = Slurp(path_);
  EXPECT_EQ(header.size(), kDefaultHeaderSize);
  EXPECT_EQ(header.digest(),
            Sha256(AsBytes(image).first(kDefaultHeaderSize)).value());
}

TEST_F(HeaderTest, D2_AnImageChangedAfterReadingChangesNothing) {
  ASSERT_OK_AND_ASSIGN(const ImageFile image, ImageFile::Open(path_));
  ASSERT_OK_AND_ASSIGN(const Header header,
                       Header::Read(image, kDefaultHeaderSize));
  const std::string before = Slurp(path_);
  Spill(path_, std::string(before.size(), '\0'));
  std::string kept(kDefaultHeaderSize, '\0');
  ASSERT_EQ(::pread(header.descriptor(), kept.data(), kept.size(), 0),
            static_cast<ssize_t>(kept.size()));
  EXPECT_EQ(kept, before.substr(0, kDefaultHeaderSize));
  EXPECT_EQ(Sha256(AsBytes(kept)).value(), header.digest());
  EXPECT_THAT(CryptDevice::Load(header), Succeeds());
}

TEST_F(HeaderTest, EveryBitOfTheHeaderIsInTheDigest) {
  ASSERT_OK_AND_ASSIGN(const Header before, Read());
  const std::string image = Slurp(path_);
  for (const std::size_t at :
       {std::size_t{7}, std::size_t{5000}, std::size_t{40'000},
        std::size_t{500'000}, std::size_t{kDefaultHeaderSize - 1}}) {
    std::string changed = image;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    if (at == 7) {
      changed[at] = image[at];
      changed[at + 1] = static_cast<char>(changed[at + 1] ^ 1);
    }
    Spill(path_, changed);
    ASSERT_OK_AND_ASSIGN(const Header after, Read());
    EXPECT_NE(after.digest(), before.digest()) << at;
  }
}

TEST_F(HeaderTest, ADamagedCopyIsNeitherRepairedNorWritten) {
  std::string image = Slurp(path_);
  image[4096 + 10] = '!';
  Spill(path_, image);
  ASSERT_OK_AND_ASSIGN(const Header header, Read());
  (void)CryptDevice::Load(header).has_value();
  EXPECT_EQ(Slurp(path_), image);
}

TEST_F(HeaderTest, D9_AnImageThatEndsInsideTheHeaderIsTruncated) {
  const std::string image = Slurp(path_);
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{8}, std::size_t{4096},
        std::size_t{kDefaultHeaderSize - 1}}) {
    Spill(path_, image.substr(0, size));
    EXPECT_THAT(Read(), Fails(Reason::kImageTruncated)) << size;
  }
}

TEST_F(HeaderTest, OtherFormatsAreNotLuks2) {
  std::string luks1 = Slurp(path_);
  luks1[7] = 1;
  for (const std::string& content :
       {luks1, std::string("hello, this is text"),
        std::string(2 * kDefaultHeaderSize, '\0')}) {
    Spill(path_, content);
    EXPECT_THAT(Read(), Fails(Reason::kImageNotLuks2));
  }
}

TEST_F(HeaderTest, SizesOutOfRangeAreRefused) {
  for (const std::uint64_t size :
       {std::uint64_t{0}, std::uint64_t{4095}, kMaxHeaderSize + 4096}) {
    EXPECT_THAT(Read(size), Fails(Reason::kConfigInvalid)) << size;
  }
}

}  // namespace
}  // namespace tdxvfs::luks
