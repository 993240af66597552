// SPDX-License-Identifier: Apache-2.0
// Headers that a host made or kept, on a kernel that would open them. Where the
// pin alone would answer, the grant's pin is that of the hostile header.
#include <filesystem>
#include <string>
#include <utility>

#include "luks/image/manifest.h"
#include "luks/inspect.h"
#include "tests/support/result_matchers.h"
#include "tests/unit/luks/device/device_fixture.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::luks {
namespace {

using testing::DeviceTest;
using testing::EditMetadata;
using testing::Fails;
using testing::kPassphrase;
using testing::RunTool;
using testing::Slurp;
using testing::Spill;
using testing::Succeeds;
using testing::UuidOf;

namespace fs = std::filesystem;

class HostileHeaderTest : public DeviceTest {
 protected:
  // As the agent does, which reads as many bytes as its configuration or the
  // server says before it knows what they are.
  Result<OpenTimings> OpenGranted(const fs::path& image,
                                  const image::Manifest& granted) {
    ASSIGN_OR_RETURN(const ImageFile file, ImageFile::Open(image));
    ASSIGN_OR_RETURN(const Header header,
                     Header::Read(file, granted.header_size));
    OpenGrant grant = GrantFor(header, granted.uuid);
    grant.header_sha256 = granted.header_sha256;
    return OpenHeader(file, header, grant);
  }
  // With the digest that the edited header has.
  Result<OpenTimings> OpenEdited(const fs::path& image,
                                 image::Manifest granted) {
    ASSIGN_OR_RETURN(const ImageFile file, ImageFile::Open(image));
    ASSIGN_OR_RETURN(const Header header,
                     Header::Read(file, granted.header_size));
    granted.header_sha256 = header.digest();
    return OpenGranted(image, granted);
  }
  // Of a header that says something else and is granted nevertheless.
  void ExpectEditRefused(const char* from, const char* to) {
    const fs::path image = CopyOf("model.img");
    const auto manifest = ManifestWith(UuidOf(image));
    ASSERT_TRUE(manifest.has_value());
    ASSERT_TRUE(EditMetadata(image, from, to)) << from;
    EXPECT_THAT(OpenEdited(image, *manifest), Fails(Reason::kHeaderRefused));
    ExpectNothingLeft();
  }
  Result<OpenTimings> OpenHeader(const ImageFile& file, const Header& header,
                                 const OpenGrant& grant) {
    return OpenVolume(file, header, grant, Place(), [this](std::string line) {
      warnings_.push_back(std::move(line));
    });
  }
};

// A null cipher, for the data and for the key slot.
TEST_F(HostileHeaderTest, D1_ANullCipherIsRefusedEvenIfItIsGranted) {
  ExpectEditRefused(R"("encryption":"aes-xts-plain64","sector_size")",
                    R"("encryption":"cipher_null-ecb","sector_size")");
  ExpectEditRefused(R"("encryption":"aes-xts-plain64","key_size")",
                    R"("encryption":"cipher_null-ecb","key_size")");
}

// The first copy, both copies, and all that the header has.
TEST_F(HostileHeaderTest, D6_AWipedHeaderIsNeitherMendedNorFormatted) {
  const fs::path image = CopyOf("model.img");
  const auto manifest = ManifestWith(UuidOf(image));
  ASSERT_TRUE(manifest.has_value());
  const std::string good = Slurp(image);
  for (const std::size_t wiped :
       {std::size_t{4096}, std::size_t{64} << 10U,
        static_cast<std::size_t>(manifest->header_size), good.size()}) {
    const std::string bytes = std::string(wiped, '\0') + good.substr(wiped);
    Spill(image, bytes);
    EXPECT_THAT(OpenGranted(image, *manifest), Fails(Reason::kImageNotLuks2))
        << wiped;
    EXPECT_TRUE(Slurp(image) == bytes) << wiped;
  }
  ExpectNothingLeft();
}

// Set by cryptsetup itself: an opening would go on with it and write.
TEST_F(HostileHeaderTest, D7_ABegunReencryptionIsRefused) {
  const fs::path image = CopyOf("ext4.img");
  ASSERT_OK_AND_ASSIGN(const Inspection before, InspectImage(image));
  ASSERT_TRUE(before.header.has_value());
  const auto begun = RunTool(
      {"cryptsetup", "reencrypt", "--init-only", "-q", "-d", "-", "--pbkdf",
       "pbkdf2", "--pbkdf-force-iterations", "1000", image.string()},
      kPassphrase);
  ASSERT_EQ(begun.exit_code, 0) << begun.output;
  const std::string marked = Slurp(image);
  ASSERT_OK_AND_ASSIGN(const ImageFile file, ImageFile::Open(image));
  ASSERT_OK_AND_ASSIGN(const Header header,
                       Header::Read(file, before.header->size));
  OpenGrant grant = GrantFor(header, before.header->uuid);
  AsImported(&grant);
  grant.file_system = "ext4";
  grant.mount_options = {"ro", "noatime", "noload"};
  EXPECT_THAT(OpenHeader(file, header, grant), Fails(Reason::kHeaderRefused));
  EXPECT_TRUE(Slurp(image) == marked);
  ExpectNothingLeft();
}

TEST_F(HostileHeaderTest, D7_AReencryptionMarkerIsRefusedEvenIfItIsGranted) {
  ExpectEditRefused(
      R"("config":{)",
      R"("config":{"requirements":{"mandatory":["online-reencrypt-v2"]},)");
}

// With either of them run, this test would not end.
TEST_F(HostileHeaderTest, D8_ADerivationThatNeverEndsIsNotBegun) {
  ExpectEditRefused(R"("iterations":1000,"salt")",
                    R"("iterations":4000000000,"salt")");
  ExpectEditRefused(
      R"("segments":["0"],"hash":"sha256","iterations":1000)",
      R"("segments":["0"],"hash":"sha256","iterations":4000000000)");
}

// The old version's header and grant open the old volume key, which is not that
// of the new version's data.
TEST_F(HostileHeaderTest, D14_AnOldHeaderWithItsPassphraseOpensNoNewVersion) {
  const fs::path former = CopyOf("model.img");
  const fs::path image = CopyOf("next.img");
  const auto old_version = ManifestWith(UuidOf(former));
  const auto new_version = ManifestWith(UuidOf(image));
  ASSERT_TRUE(old_version.has_value() && new_version.has_value());
  ASSERT_EQ(old_version->header_size, new_version->header_size);
  const std::size_t size = old_version->header_size;
  Spill(image, Slurp(former).substr(0, size) + Slurp(image).substr(size));
  EXPECT_THAT(OpenGranted(image, *new_version), Fails(Reason::kHeaderMismatch));
  EXPECT_THAT(OpenGranted(image, *old_version), Fails(Reason::kImageCorrupt));
  ExpectNothingLeft();
  EXPECT_THAT(OpenGranted(former, *old_version), Succeeds());
  ASSERT_THAT(CloseVolume(Place(), CloseMode::kNormal, nullptr), Succeeds());
}

}  // namespace
}  // namespace tdxvfs::luks
