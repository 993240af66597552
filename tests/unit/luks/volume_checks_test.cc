// SPDX-License-Identifier: Apache-2.0
// What is held against a grant before anything is opened; it takes no device
// mapper. The grant pins whatever header the image has, so that each check is
// reached.
#include "luks/volume_checks.h"

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "luks/header_profile.h"
#include "luks/image/manifest.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::luks {
namespace {

using testing::EditMetadata;
using testing::Fails;
using testing::kPassphrase;
using testing::MakeModel;
using testing::Pack;
using testing::SecretOf;
using testing::Succeeds;
using testing::TemporaryFolder;

using GrantChange = std::function<void(OpenGrant*)>;

class VolumeChecksTest : public ::testing::Test {
 protected:
  void SetUp() override {
    MakeModel(folder_.path() / "model", 1000);
    auto manifest = Pack(folder_.path() / "model", path_);
    ASSERT_THAT(manifest, Succeeds());
    manifest_ = *std::move(manifest);
  }
  OpenGrant GrantFor(const Header& header) const {
    OpenGrant grant;
    grant.passphrase = SecretOf(kPassphrase);
    grant.uuid = manifest_.uuid;
    grant.header_size = header.size();
    grant.header_sha256 = header.digest();
    grant.header_profile = manifest_.header_profile;
    grant.file_system = manifest_.file_system;
    grant.mount_options = manifest_.mount_options;
    grant.verity = manifest_.verity;
    return grant;
  }
  Result<CheckedHeader> Check(const GrantChange& change = [](OpenGrant*) {
  }) const {
    ASSIGN_OR_RETURN(const ImageFile image, ImageFile::Open(path_));
    ASSIGN_OR_RETURN(const Header header,
                     Header::Read(image, kDefaultHeaderSize));
    OpenGrant grant = GrantFor(header);
    change(&grant);
    return CheckHeader(header, grant);
  }
  static void AsImported(OpenGrant* grant) {
    grant->header_profile = kImportedProfile;
    grant->verity.reset();
  }
  TemporaryFolder folder_;
  const std::filesystem::path path_ = folder_.path() / "x.img";
  image::Manifest manifest_;
};

TEST_F(VolumeChecksTest, TakeWhatWasGranted) {
  ASSERT_OK_AND_ASSIGN(const CheckedHeader checked, Check());
  EXPECT_EQ(checked.sector_size, 4096U);
  EXPECT_THAT(Check(AsImported), Succeeds());
}

TEST_F(VolumeChecksTest, D3_RefuseAnotherHeaderThanTheGrantedOne) {
  EXPECT_THAT(Check([](auto* grant) { grant->header_sha256.back() ^= 1; }),
              Fails(Reason::kHeaderMismatch));
  EXPECT_THAT(Check([](auto* grant) { grant->header_size += 4096; }),
              Fails(Reason::kHeaderMismatch));
  EXPECT_THAT(Check([](auto* grant) { grant->uuid.back() ^= 1; }),
              Fails(Reason::kGrantMismatch));
}

// libcryptsetup passes over it, and so does what is read from its view.
TEST_F(VolumeChecksTest, D1_RefuseWhatOnlyTheHeadersOwnBytesShow) {
  ASSERT_TRUE(
      EditMetadata(path_, R"("stripes":4000)", R"("stripes":4000,"more":1)"));
  ASSERT_OK_AND_ASSIGN(const ImageFile image, ImageFile::Open(path_));
  ASSERT_OK_AND_ASSIGN(const Header header,
                       Header::Read(image, kDefaultHeaderSize));
  ASSERT_THAT(CryptDevice::Load(header), Succeeds());
  EXPECT_THAT(Check(), Fails(Reason::kHeaderRefused));
  EXPECT_THAT(Check(AsImported), Fails(Reason::kHeaderRefused));
}

TEST_F(VolumeChecksTest, RefuseProfilesOfLaterVersionsByName) {
  for (const char* profile : {"writable-1", "sealed-2", ""}) {
    EXPECT_THAT(Check([profile](auto* grant) {
                  grant->header_profile = profile;
                  grant->verity.reset();
                }),
                Fails(Reason::kNotSupported))
        << profile;
  }
}

TEST_F(VolumeChecksTest, RefuseGrantsThatNoVolumeIsOpenedBy) {
  const std::vector<std::pair<GrantChange, Reason>> rows{
      {[](auto* grant) { grant->verity.reset(); }, Reason::kVerityMissing},
      {[](auto* grant) { grant->header_profile = kImportedProfile; },
       Reason::kGrantInvalid},
      {[](auto* grant) { grant->verity->hash = "sha1"; },
       Reason::kGrantInvalid},
      {[](auto* grant) { grant->verity->data_block_size = 512; },
       Reason::kGrantInvalid},
      {[](auto* grant) { grant->verity->hash_block_size = 1024; },
       Reason::kGrantInvalid},
      {[](auto* grant) { grant->verity->data_blocks = 0; },
       Reason::kGrantInvalid},
      {[](auto* grant) { --grant->verity->hash_start_block; },
       Reason::kGrantInvalid},
      {[](auto* grant) { grant->verity->salt.assign(257, 1); },
       Reason::kGrantInvalid},
      {[](auto* grant) { grant->file_system = "xfs"; }, Reason::kGrantInvalid},
      {[](auto* grant) { grant->mount_options = {"rw"}; },
       Reason::kGrantInvalid},
      {[](auto* grant) {
         grant->mount_options = {"ro", "exec"};
       },
       Reason::kGrantInvalid},
      {[](auto* grant) { grant->mount_options = {"noload"}; },
       Reason::kGrantInvalid}};
  for (std::size_t row = 0; row < rows.size(); ++row) {
    EXPECT_THAT(Check(rows[row].first), Fails(rows[row].second)) << row;
  }
}

TEST_F(VolumeChecksTest, D9_RefuseAnImageThatEndsInsideItsTree) {
  ASSERT_OK_AND_ASSIGN(const ImageFile whole, ImageFile::Open(path_));
  ASSERT_OK_AND_ASSIGN(const Header header,
                       Header::Read(whole, kDefaultHeaderSize));
  const OpenGrant grant = GrantFor(header);
  EXPECT_THAT(CheckDataSize(whole, header, grant, 4096), Succeeds());
  const std::uint64_t size = whole.size();
  for (const std::uint64_t less : {1U, 512U, 4096U}) {
    std::filesystem::resize_file(path_, size - less);
    ASSERT_OK_AND_ASSIGN(const ImageFile cut, ImageFile::Open(path_));
    EXPECT_THAT(CheckDataSize(cut, header, grant, 4096),
                Fails(Reason::kImageTruncated))
        << less;
  }
}

}  // namespace
}  // namespace tdxvfs::luks
