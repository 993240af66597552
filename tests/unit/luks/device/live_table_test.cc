// SPDX-License-Identifier: Apache-2.0
// Whatever the header says and the library did: the kernel's own tables are
// read back and compared before anything is mounted.
#include <libdevmapper.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "luks/device_mapper.h"
#include "luks/volume.h"
#include "tests/support/result_matchers.h"
#include "tests/unit/luks/device/device_fixture.h"

namespace {

// What stands instead of what in the parameters of one kind of target.
struct Lie {
  std::string type;
  std::string from;
  std::string to;
  std::string told;  // keeps the text that was handed out
};
Lie g_lie;
// As udev does that is late with former mappings of these names.
std::vector<std::string> g_lost_nodes;

}  // namespace

// The linker leads our own calls here (--wrap), not those of libcryptsetup.
// The names are the linker's.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
extern "C" {
void* __real_dm_get_next_target(dm_task* task, void* next, uint64_t* start,
                                uint64_t* length, char** type,
                                char** parameters);
void* __wrap_dm_get_next_target(dm_task* task, void* next, uint64_t* start,
                                uint64_t* length, char** type,
                                char** parameters) {
  for (const std::string& node : g_lost_nodes) {
    (void)::unlink(node.c_str());
  }
  void* const result =
      __real_dm_get_next_target(task, next, start, length, type, parameters);
  if (*type != nullptr && *parameters != nullptr && g_lie.type == *type) {
    g_lie.told = *parameters;
    if (const auto at = g_lie.told.find(g_lie.from); at != std::string::npos) {
      g_lie.told.replace(at, g_lie.from.size(), g_lie.to);
      *parameters = g_lie.told.data();
    }
  }
  return result;
}
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

namespace tdxvfs::luks {
namespace {

using testing::DeviceTest;
using testing::Fails;
using testing::Succeeds;

class LiveTableTest : public DeviceTest {
 protected:
  void TearDown() override {
    g_lie = {};
    g_lost_nodes.clear();
    DeviceTest::TearDown();
  }
};

TEST_F(LiveTableTest, D1_ADifferenceIsRefusedAndLeavesNothing) {
  const std::vector<Lie> lies{
      {"crypt", "aes-xts-plain64", "cipher_null-ecb", ""},
      {"crypt", " 2048 ", " 4096 ", ""},
      {"crypt", "1 sector_size:4096", "2 allow_discards sector_size:4096", ""},
      {"verity", " sha256 ", " sha512 ", ""},
      {"verity", " 0000", " 0001", ""},  // the salt
      {"verity", " 4096 4096 ", " 4096 1024 ", ""}};
  const std::filesystem::path image = CopyOf("model.img");
  for (const Lie& lie : lies) {
    g_lie = lie;
    EXPECT_THAT(Open(image, Place()), Fails(Reason::kMappingFailed))
        << lie.type << lie.from;
    EXPECT_NE(g_lie.told, "") << "nobody asked for the table";
    g_lie = {};
    ExpectNothingLeft();
  }
  EXPECT_THAT(Open(image, Place()), Succeeds());
}

TEST_F(LiveTableTest, AnOpenVolumeWithAnotherTableIsNotTakenForOurs) {
  const std::filesystem::path path = CopyOf("model.img");
  ASSERT_THAT(Open(path, Place()), Succeeds());
  ASSERT_OK_AND_ASSIGN(const ImageFile image, ImageFile::Open(path));
  ASSERT_OK_AND_ASSIGN(const Header header,
                       Header::Read(image, kDefaultHeaderSize));
  const std::vector<Lie> lies{
      {"crypt", "aes-xts-plain64", "cipher_null-ecb", ""},
      {"crypt", " 2048 ", " 4096 ", ""},
      {"verity", " sha256 ", " sha512 ", ""},
      {"verity", " 4096 4096 ", " 4096 1024 ", ""}};
  for (const Lie& lie : lies) {
    g_lie = lie;
    EXPECT_THAT(CheckAlreadyOpen(header, Place()), Fails(Reason::kVolumeInUse))
        << lie.type << lie.from;
    g_lie = {};
  }
  EXPECT_THAT(CheckAlreadyOpen(header, Place()), Succeeds());
}

TEST_F(LiveTableTest, NodesThatUdevDeletesMeanwhileAreNotMissed) {
  const std::filesystem::path image = CopyOf("model.img");
  const std::string node = MappingPath(VerityMappingName("dt-one"));
  g_lost_nodes = {MappingPath(CryptMappingName("dt-one")), node};
  EXPECT_THAT(Open(image, Place()), Succeeds());
  EXPECT_TRUE(std::filesystem::is_block_file(node));
  g_lost_nodes.clear();
  EXPECT_THAT(CloseVolume(Place(), CloseMode::kNormal, nullptr), Succeeds());
  ExpectNothingLeft();
}

// The mapping would be longer than what was checked.
TEST_F(LiveTableTest, D9_AnImageThatGrewSinceItWasOpenedIsRefused) {
  const std::filesystem::path path = CopyOf("model.img");
  const std::string uuid = testing::UuidOf(path);
  ASSERT_OK_AND_ASSIGN(const ImageFile image, ImageFile::Open(path));
  ASSERT_OK_AND_ASSIGN(const Header header,
                       Header::Read(image, kDefaultHeaderSize));
  std::filesystem::resize_file(path, image.size() + 4096);
  EXPECT_THAT(OpenVolume(image, header, GrantFor(header, uuid), Place(), {}),
              Fails(Reason::kMappingFailed));
  ExpectNothingLeft();
}

}  // namespace
}  // namespace tdxvfs::luks
