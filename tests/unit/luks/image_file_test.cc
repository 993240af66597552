// SPDX-License-Identifier: Apache-2.0
#include "luks/image_file.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "common/unique_fd.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::luks {
namespace {

using testing::Fails;
using testing::Spill;
using testing::TemporaryFolder;

class ImageFileTest : public ::testing::Test {
 protected:
  TemporaryFolder folder_;
  const std::filesystem::path path_ = folder_.path() / "x.img";
};

TEST_F(ImageFileTest, OpensARegularFile) {
  Spill(path_, std::string(4097, 'x'));
  ASSERT_OK_AND_ASSIGN(const ImageFile image, ImageFile::Open(path_));
  EXPECT_EQ(image.size(), 4097U);
  EXPECT_FALSE(image.is_block_device());
  EXPECT_EQ(image.path(), path_);
}

TEST_F(ImageFileTest, FollowsALinkOnceAndThenKeepsTheDescriptor) {
  Spill(folder_.path() / "a", "aaaa");
  Spill(folder_.path() / "b", "bb");
  std::filesystem::create_symlink("a", path_);
  ASSERT_OK_AND_ASSIGN(const ImageFile image, ImageFile::Open(path_));
  std::filesystem::remove(path_);
  std::filesystem::create_symlink("b", path_);
  char byte = 0;
  ASSERT_EQ(::pread(image.descriptor(), &byte, 1, 0), 1);
  EXPECT_EQ(byte, 'a');
  EXPECT_EQ(image.size(), 4U);
}

TEST_F(ImageFileTest, AMissingImageHasItsOwnReason) {
  EXPECT_THAT(ImageFile::Open(path_), Fails(Reason::kImageMissing));
  std::filesystem::create_symlink("nowhere", path_);
  EXPECT_THAT(ImageFile::Open(path_), Fails(Reason::kImageMissing));
  Spill(folder_.path() / "file", "");
  EXPECT_THAT(ImageFile::Open(folder_.path() / "file" / "x"),
              Fails(Reason::kImageMissing));
}

TEST_F(ImageFileTest, AnUnreadableImageHasItsOwnReason) {
  std::filesystem::create_symlink("x.img", path_);  // a loop of links
  EXPECT_THAT(ImageFile::Open(path_), Fails(Reason::kImageUnreadable));
  if (::geteuid() == 0) {
    return;  // root reads every mode
  }
  std::filesystem::remove(path_);
  Spill(path_, "x");
  ASSERT_EQ(::chmod(path_.c_str(), 0), 0);
  EXPECT_THAT(ImageFile::Open(path_), Fails(Reason::kImageUnreadable));
}

TEST_F(ImageFileTest, AFolderIsRefused) {
  EXPECT_THAT(ImageFile::Open(folder_.path()), Fails(Reason::kImageKind));
}

TEST_F(ImageFileTest, ACharacterDeviceIsRefused) {
  EXPECT_THAT(ImageFile::Open("/dev/zero"), Fails(Reason::kImageKind));
}

TEST_F(ImageFileTest, AFifoIsRefusedWithoutWaitingForAWriter) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_THAT(ImageFile::Open(path_), Fails(Reason::kImageKind));
}

TEST_F(ImageFileTest, ASocketIsRefused) {
  const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = path_.string();
  ASSERT_LT(name.size(), sizeof(address.sun_path));
  std::copy(name.begin(), name.end(), address.sun_path);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address),
                   sizeof(address)),
            0);
  EXPECT_THAT(ImageFile::Open(path_), Fails(Reason::kImageKind));
}

}  // namespace
}  // namespace tdxvfs::luks
