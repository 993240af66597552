// SPDX-License-Identifier: Apache-2.0
#include "luks/image/claimed_contents.h"

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/luks/sealed_files.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::image {
namespace {

using testing::Fails;
using testing::kPassphrase;
using testing::SecretOf;
using testing::Succeeds;
using testing::TemporaryFolder;

Manifest Mounted(std::string file_system, std::vector<std::string> options) {
  Manifest manifest;
  manifest.file_system = std::move(file_system);
  manifest.mount_options = std::move(options);
  return manifest;
}

TEST(ClaimedContents, WhatPackWritesAndMoreThatGuestsTakeHolds) {
  for (const Manifest& manifest :
       {Mounted("erofs", {"ro"}), Mounted("squashfs", {"noatime", "ro"}),
        Mounted("ext4", {"ro", "noload", "relatime"})}) {
    EXPECT_THAT(CheckMountMembers(manifest), Succeeds());
  }
}

TEST(ClaimedContents, WhatNoGuestMountsIsRefused) {
  for (const Manifest& manifest :
       {Mounted("xfs", {"ro"}), Mounted("EROFS", {"ro"}), Mounted("erofs", {}),
        Mounted("erofs", {"rw"}), Mounted("erofs", {"ro", "rw"}),
        Mounted("erofs", {"ro", "noload"}), Mounted("erofs", {"ro", "ro"}),
        Mounted("squashfs", {"ro", "exec"}), Mounted("ext4", {"ro"}),
        Mounted("ext4", {"noload"})}) {
    EXPECT_THAT(CheckMountMembers(manifest), Fails(Reason::kFileInvalid));
  }
}

class HeldFileSystemTest : public ::testing::Test {
 protected:
  std::filesystem::path Image() const { return folder_.path() / "image"; }
  // What is said of the image by a manifest of this file system.
  Result<void> Check(const std::string& file_system) const {
    Manifest claimed = manifest_;
    claimed.file_system = file_system;
    ASSIGN_OR_RETURN(
        const SealedImage image,
        SealedImage::Open(Image(), claimed, SecretOf(kPassphrase)));
    return CheckFileSystem(image, claimed);
  }

  TemporaryFolder folder_;
  Manifest manifest_;
};

TEST_F(HeldFileSystemTest, EachIsToldFromTheOthers) {
  const std::vector<std::string> all = {"erofs", "squashfs", "ext4"};
  testing::MakeModel(folder_.path() / "model", 1);
  for (const std::string& packed : all) {
    auto made = testing::Pack(folder_.path() / "model", Image(), packed);
    ASSERT_THAT(made, Succeeds());
    manifest_ = *made;
    for (const std::string& claimed : all) {
      if (claimed == packed) {
        EXPECT_THAT(Check(claimed), Succeeds());
      } else {
        EXPECT_THAT(Check(claimed), Fails(Reason::kFileInvalid));
      }
    }
    std::filesystem::remove(Image());
  }
}

TEST_F(HeldFileSystemTest, BytesOfNoFileSystemAreRefused) {
  auto sealed = testing::Seal(std::string(std::size_t{2} * 4096, 'x'), Image());
  ASSERT_THAT(sealed, Succeeds());
  manifest_ = *sealed;
  EXPECT_THAT(Check("erofs"), Fails(Reason::kFileInvalid));
}

TEST_F(HeldFileSystemTest, OneThatEndsBehindTheDataIsRefused) {
  testing::MakeModel(folder_.path() / "model", 100'000);
  const std::string whole = testing::ErofsOf(folder_.path() / "model");
  auto sealed = testing::Seal(whole.substr(0, whole.size() - 4096), Image());
  ASSERT_THAT(sealed, Succeeds());
  manifest_ = *sealed;
  EXPECT_THAT(Check("erofs"), Fails(Reason::kFileInvalid));
}

}  // namespace
}  // namespace tdxvfs::image
