// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_TESTS_UNIT_LUKS_DEVICE_DEVICE_FIXTURE_H_
#define TDXVFS_TESTS_UNIT_LUKS_DEVICE_DEVICE_FIXTURE_H_

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "luks/header.h"
#include "luks/image/manifest.h"
#include "luks/image_file.h"
#include "luks/volume.h"
#include "tests/support/temporary_folder.h"

namespace tdxvfs::testing {

// Where the images lie; made by MakeFixtures on a machine with
// cryptsetup and mke2fs, read in the guest.
void SetFixtures(std::filesystem::path folder);
const std::filesystem::path& Fixtures();

// The large file of every fixture, in bytes.
inline constexpr std::size_t kModelSize = 700'000;

// model.img and next.img (two versions of ours), squashfs.img and our_ext4.img
// with their manifests; by foreign tools ext4.img, as the old scripts made it,
// and foreign.img with another size of key and sectors, Argon2, two key slots
// and a token.
// True when all are there.
bool MakeFixtures(const std::filesystem::path& folder);

// A process of this test that is killed when the object goes.
class ChildProcess {
 public:
  // Runs `body` in a fork; it ends when `body` returns, with its value.
  explicit ChildProcess(const std::function<int()>& body);
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess();
  pid_t pid() const { return pid_; }
  void Kill();
  // Waits for its end; -1 when a signal ended it.
  int Wait();

 private:
  pid_t pid_;
};

// A pipe by which a child says that it has come to a point. Who waits for one
// that died fails after two minutes.
class Signal {
 public:
  Signal();
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;
  ~Signal();
  void Give() const;
  void Await() const;

 private:
  int ends_[2] = {-1, -1};
};

// Tests against the kernel's device mapper, as root, in the guest. Skipped
// where there is none. After each test nothing of it may be left.
class DeviceTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // A private copy of a fixture.
  std::filesystem::path CopyOf(std::string_view fixture) const;
  luks::VolumePlace Place(const std::string& name = "dt-one") const;
  // What an honest server grants for this image and header.
  static luks::OpenGrant GrantFor(const luks::Header& header,
                                  const std::string& uuid);
  // Of the fixture that we packed with this UUID; nothing for others.
  static std::optional<image::Manifest> ManifestWith(const std::string& uuid);
  // Makes it a grant of the profile that has no dm-verity.
  static void AsImported(luks::OpenGrant* grant);
  // Reads, grants and opens an image of ours.
  Result<luks::OpenTimings> Open(const std::filesystem::path& image,
                                 const luks::VolumePlace& place);
  // The same with the grant changed before it is used.
  Result<luks::OpenTimings> OpenWith(
      const std::filesystem::path& image, const luks::VolumePlace& place,
      const std::function<void(luks::OpenGrant*)>& change);
  // Opens the image by plain cryptsetup as /dev/mapper/dt-plain, without
  // verity; ClosePlain removes that mapping, or another one.
  static void OpenPlain(const std::filesystem::path& image, bool read_only);
  static void ClosePlain(const std::string& name = "dt-plain");
  // Loop devices and mappings of this test's images, as text; waits a little
  // for what goes away by itself.
  std::vector<std::string> Leftovers() const;
  void ExpectNothingLeft() const;

  std::vector<std::string> warnings_;
  TemporaryFolder folder_;
};

// Opens or closes volume dt-one, in a process of its own; "--open" or
// "--close". True when it succeeded.
bool RunStep(std::string_view verb, const std::filesystem::path& image,
             const std::filesystem::path& mount_point);

luks::VolumeState StateOf(const luks::VolumePlace& place);
std::string UuidOf(const std::filesystem::path& image);

}  // namespace tdxvfs::testing

#endif  // TDXVFS_TESTS_UNIT_LUKS_DEVICE_DEVICE_FIXTURE_H_
