// SPDX-License-Identifier: Apache-2.0
// What the kernel says, read without a kernel: live tables, mountinfo, and the
// super blocks that stand at the start of a mapping.
#include <sys/sysmacros.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "luks/crypt_table.h"
#include "luks/mount_table.h"
#include "luks/super_block.h"
#include "luks/verity_table.h"
#include "luks/volume.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace tdxvfs::luks {
namespace {

using testing::Fails;
using testing::Succeeds;
using testing::TemporaryFolder;

constexpr const char* kUuid = "6d9b4f10-1111-4222-8333-444455556666";
constexpr const char* kTable =
    "aes-xts-plain64 "
    ":64:logon:cryptsetup:6d9b4f10-1111-4222-8333-444455556666-d0 0 7:3 2048 "
    "1 sector_size:4096";

Result<void> Check(const std::string& parameters,
                   const std::string& type = "crypt",
                   std::optional<std::uint64_t> sector_size = 4096,
                   std::uint64_t length = 80) {
  ASSIGN_OR_RETURN(const CryptTable table,
                   ParseCryptTable({{0, length, type, parameters}}));
  return CheckCryptTable(table, {.uuid = kUuid,
                                 .offset = 2048,
                                 .device = makedev(7, 3),
                                 .length = 80,
                                 .sector_size = sector_size});
}

std::string TableWith(std::string text, std::string_view from,
                      std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(CryptTable, TakesATableOfOurs) {
  EXPECT_THAT(Check(kTable), Succeeds());
  EXPECT_THAT(Check(kTable, "crypt", std::nullopt), Succeeds());
  EXPECT_THAT(Check(TableWith(kTable, " 1 sector_size:4096", ""), "crypt", 512),
              Succeeds())
      << "sectors of 512 bytes are not shown";
}

TEST(CryptTable, RefusesEveryDifference) {
  EXPECT_THAT(Check(kTable, "linear"), Fails(Reason::kMappingFailed));
  EXPECT_THAT(Check(kTable, "crypt", 4096, 72), Fails(Reason::kMappingFailed))
      << "another length";
  EXPECT_THAT(ParseCryptTable({{0, 40, "crypt", kTable}, {40, 40, "zero", ""}}),
              Fails(Reason::kMappingFailed))
      << "a second target";
  EXPECT_THAT(ParseCryptTable({{8, 80, "crypt", kTable}}),
              Fails(Reason::kMappingFailed))
      << "a target that does not begin at the start";
  const std::vector<std::pair<std::string, std::string>> changes{
      {"aes-xts-plain64", "cipher_null-ecb"},
      {":64:logon:cryptsetup:", "0123456789abcdef"},
      {"-d0 0 ", "-d0 8 "},
      {"7:3", "7:4"},
      {"7:3", "/dev/loop3"},
      {" 2048 ", " 2049 "},
      {"1 sector_size:4096", "2 sector_size:4096 allow_discards"},
      {"1 sector_size:4096", "2 no_read_workqueue sector_size:4096"},
      {"sector_size:4096", "sector_size:2048"},
      {"sector_size:4096", "sector_size:4k"},
      {" 1 sector_size:4096", ""},
      {"6d9b4f10", "6d9b4f11"}};
  for (const auto& [from, to] : changes) {
    EXPECT_THAT(Check(TableWith(kTable, from, to)),
                Fails(Reason::kMappingFailed))
        << from << " -> " << to;
  }
}

constexpr const char* kVerityTable =
    "1 253:0 253:0 4096 4096 20 20 sha256 "
    "0700000000000000000000000000000000000000000000000000000000000000 0aff";

VerityParameters Granted() {
  return {.data_blocks = 20,
          .hash_start_block = 20,
          .salt = {0x0a, 0xff},
          .root_hash = {7}};
}

Result<void> CheckVerity(const std::string& parameters,
                         const std::string& type = "verity",
                         std::uint64_t length = 160) {
  ASSIGN_OR_RETURN(const VerityTable table,
                   ParseVerityTable({{0, length, type, parameters}}));
  return CheckVerityTable(table, makedev(253, 0), Granted());
}

TEST(VerityTable, TakesTheGrantedTable) {
  EXPECT_THAT(CheckVerity(kVerityTable), Succeeds());
  ASSERT_OK_AND_ASSIGN(
      const VerityTable unsalted,
      ParseVerityTable(
          {{0, 160, "verity", TableWith(kVerityTable, "0aff", "-")}}));
  EXPECT_TRUE(unsalted.parameters.salt.empty());
}

TEST(VerityTable, D15_RefusesEveryDifference) {
  EXPECT_THAT(CheckVerity(kVerityTable, "linear"),
              Fails(Reason::kMappingFailed));
  EXPECT_THAT(CheckVerity(kVerityTable, "verity", 152),
              Fails(Reason::kMappingFailed));
  const std::vector<std::pair<std::string, std::string>> changes{
      {"1 253", "0 253"},            // the older hash format
      {"253:0 4096", "253:1 4096"},  // tree on another device
      {"1 253:0", "1 253:1"},        // data on another device
      {"4096 4096", "1024 4096"},
      {"4096 4096", "4096 1024"},
      {" 20 20 ", " 19 20 "},
      {" 20 20 ", " 20 21 "},
      {" 20 20 ", " 20 -20 "},
      {"sha256", "sha1"},
      {" 07", " 08"},
      {" 0700", " 07"},
      {"0aff", "0afe"},
      {"0aff", "-"},
      {"0aff", ""},
      {"0aff", "0aff 1 ignore_corruption"},
      {"0aff", "0aff 1 check_at_most_once"},
      {"0aff", "0aff 2 panic_on_corruption use_fec_from_device"}};
  for (const auto& [from, to] : changes) {
    EXPECT_THAT(CheckVerity(TableWith(kVerityTable, from, to)),
                Fails(Reason::kMappingFailed))
        << from << " -> " << to;
  }
}

TEST(VerityTable, KnowsItsUuid) {
  EXPECT_TRUE(
      IsVerityUuid("CRYPT-VERITY-tdxvfs-verity-demo", "tdxvfs-verity-demo"));
  for (const char* foreign :
       {"", "CRYPT-VERITY-tdxvfs-verity-demo2", "CRYPT-VERITY-",
        "CRYPT-VERITY-00112233445566778899aabbccddeeff-tdxvfs-verity-demo"}) {
    EXPECT_FALSE(IsVerityUuid(foreign, "tdxvfs-verity-demo")) << foreign;
  }
}

TEST(VerityParameters, TheTreeEndsBehindItsLastLevel) {
  VerityParameters verity = Granted();
  const std::vector<std::pair<std::uint64_t, std::uint64_t>> blocks{
      {1, 0}, {2, 1}, {128, 1}, {129, 3}, {16384, 129}, {16385, 132}};
  for (const auto& [data, tree] : blocks) {
    verity.data_blocks = data;
    verity.hash_start_block = data;
    EXPECT_EQ(EndOfHashTree(verity), (data + tree) * 4096) << data;
  }
}

TEST(CryptTable, AKeyInATableIsNeverRepeatedInTheError) {
  const std::string key(128, 'a');
  const auto checked = Check("aes-xts-plain64 " + key + " 0 7:3 2048");
  ASSERT_THAT(checked, Fails(Reason::kMappingFailed));
  EXPECT_EQ(Result<void>(checked).error().ToString().find("aaaa"),
            std::string::npos);
}

TEST(CryptTable, ReadsTheLuksUuidOfOurMappingsOnly) {
  constexpr const char* demo_name = "tdxvfs-crypt-demo";
  EXPECT_EQ(LuksUuidOf("CRYPT-LUKS2-6d9b4f1011114222833344445555"
                       "6666-tdxvfs-crypt-demo",
                       demo_name),
            kUuid);
  for (const char* foreign :
       {"", "CRYPT-LUKS2-", "LVM-abc",
        "CRYPT-LUKS1-6d9b4f10111142228333444455556666-tdxvfs-crypt-demo",
        "CRYPT-LUKS2-6d9b4f10111142228333444455556666-tdxvfs-crypt-demo2",
        "CRYPT-LUKS2-6d9b4f1011114222833344445555666x-tdxvfs-crypt-demo"}) {
    EXPECT_EQ(LuksUuidOf(foreign, demo_name), std::nullopt) << foreign;
  }
}

TEST(MountTable, ReadsNumbersOptionsAndEscapes) {
  const auto mounts = ParseMountInfo(
      "36 35 98:0 /mnt1 /mnt/a\\040b rw,noatime master:1 shared:2 - ext4 "
      "/dev/root rw,norecovery\n"
      "junk\n"
      "37 35 x:0 / /c rw - tmpfs none rw\n");
  ASSERT_EQ(mounts.size(), 1U);
  EXPECT_EQ(mounts[0].id, 36U);
  EXPECT_EQ(mounts[0].device, makedev(98, 0));
  EXPECT_EQ(mounts[0].path, "/mnt/a b");
  EXPECT_EQ(mounts[0].file_system, "ext4");
  EXPECT_EQ(mounts[0].source, "/dev/root");
  EXPECT_TRUE(HasOption(mounts[0].mount_options, "noatime"));
  EXPECT_FALSE(HasOption(mounts[0].mount_options, "atime"));
  EXPECT_TRUE(HasOption(mounts[0].super_options, "norecovery"));
}

TEST(MountTable, SeesTheMountsOfThisProcess) {
  EXPECT_FALSE(MountsOf(0).empty());
}

TEST(SuperBlock, ReadsSizesAndNothingElse) {
  std::array<std::uint8_t, kSuperBlockArea> start{};
  for (const char* type : {"erofs", "ext4", "squashfs", "fat"}) {
    EXPECT_EQ(FileSystemSize(type, start), std::nullopt) << type;
  }
  const std::array<std::uint8_t, 4> magic{0xe2, 0xe1, 0xf5, 0xe0};
  std::copy(magic.begin(), magic.end(), start.begin() + 1024);
  start[1024 + 12] = 12;
  start[1024 + 36] = 7;
  EXPECT_EQ(FileSystemSize("erofs", start), 7U * 4096);
  EXPECT_EQ(FileSystemSize("ext4", start), std::nullopt);
  start[1024 + 12] = 200;
  EXPECT_EQ(FileSystemSize("erofs", start), std::nullopt);
}

TEST(VolumeState, WithoutDeviceMapperNothingIsOpen) {
  const TemporaryFolder folder;
  const VolumePlace place{.name = "no-such-volume",
                          .mount_point = folder.path() / "mnt"};
  ASSERT_OK_AND_ASSIGN(const VolumeState state, StateOfVolume(place));
  EXPECT_EQ(state.kind, VolumeState::Kind::kLocked);
  EXPECT_THAT(CloseVolume(place, CloseMode::kNormal, nullptr), Succeeds());
  EXPECT_THAT(CloseVolume(place, CloseMode::kLazy, nullptr), Succeeds());
}

}  // namespace
}  // namespace tdxvfs::luks
