// SPDX-License-Identifier: Apache-2.0
#include "agent/mount_options.h"

#include <vector>

#include "tests/support/result_matchers.h"

namespace tdxvfs::agent {
namespace {

using testing::Fails;

Result<MountOptions> Mount(std::vector<const char*> words) {
  words.insert(words.begin(), "mount.tdxvfs");
  return ParseMountOptions(static_cast<int>(words.size()), words.data());
}

Result<MountOptions> Unmount(std::vector<const char*> words) {
  words.insert(words.begin(), "umount.tdxvfs");
  return ParseUnmountOptions(static_cast<int>(words.size()), words.data());
}

TEST(ParseMountOptions, ReadsWhatMountPassesOn) {
  ASSERT_OK_AND_ASSIGN(
      const MountOptions options,
      Mount({"/i.img", "/mnt", "-n", "-o",
             "rw,_netdev,nofail,x-systemd.device-timeout=3,volume=resnet"}));
  EXPECT_EQ(options.image, "/i.img");
  EXPECT_EQ(options.directory, "/mnt");
  EXPECT_EQ(options.volume, "resnet");
  EXPECT_FALSE(options.wait);
  EXPECT_FALSE(options.fake);
}

TEST(ParseMountOptions, ReadsFlagsInAnyPlace) {
  ASSERT_OK_AND_ASSIGN(
      const MountOptions options,
      Mount({"-fv", "/i.img", "-t", "tdxvfs", "/mnt", "-o", "volume=r,wait"}));
  EXPECT_TRUE(options.fake);
  EXPECT_TRUE(options.wait);
}

TEST(ParseMountOptions, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(Mount({"/i", "/m"}), Fails(Reason::kUsage));
  EXPECT_THAT(Mount({"/i", "-o", "volume=r"}), Fails(Reason::kUsage));
  EXPECT_THAT(Mount({"/i", "/m", "/n", "-o", "volume=r"}),
              Fails(Reason::kUsage));
  EXPECT_THAT(Mount({"/i", "/m", "-o", "volume=r,suid"}),
              Fails(Reason::kUsage));
  EXPECT_THAT(Mount({"/i", "/m", "-o"}), Fails(Reason::kUsage));
  EXPECT_THAT(Mount({"/i", "/m", "-x", "-o", "volume=r"}),
              Fails(Reason::kUsage));
}

TEST(ParseMountOptions, SloppyMountIgnoresUnknownOptions) {
  ASSERT_OK_AND_ASSIGN(const MountOptions options,
                       Mount({"/i", "/m", "-s", "-o", "volume=r,quota"}));
  EXPECT_EQ(options.volume, "r");
}

TEST(ParseUnmountOptions, TakesADirectoryAndLaziness) {
  ASSERT_OK_AND_ASSIGN(const MountOptions options, Unmount({"/mnt", "-nl"}));
  EXPECT_EQ(options.directory, "/mnt");
  EXPECT_TRUE(options.lazy);
  EXPECT_THAT(Unmount({}), Fails(Reason::kUsage));
}

}  // namespace
}  // namespace tdxvfs::agent
