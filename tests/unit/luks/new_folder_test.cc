// SPDX-License-Identifier: Apache-2.0
#include "luks/image/new_folder.h"

#include <filesystem>
#include <string>

#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::image {
namespace {

using testing::Fails;
using testing::Spill;
using testing::Succeeds;
using testing::TemporaryFolder;

namespace fs = std::filesystem;

// Only a folder of an extraction's own name that nobody fills any more.
TEST(NewFolder, TakesAwayWhatAKilledProcessLeftAndNothingElse) {
  const TemporaryFolder place;
  const fs::path left = place.path() / ".out.extract-aB3dE6";
  fs::create_directory(left);
  Spill(left / "weights", "in the clear");
  for (const char* other : {".out.backup", ".out.extract-aB3dE67",
                            ".in.extract-aB3dE6", "out.extract-aB3dE6"}) {
    fs::create_directory(place.path() / other);
  }
  Spill(place.path() / ".out.extract-aFile0", "a file of somebody's");
  fs::create_directory_symlink(place.path() / ".out.backup",
                               place.path() / ".out.extract-aLink0");
  ASSERT_OK_AND_ASSIGN(const NewFolder folder,
                       NewFolder::Create(place.path() / "out"));
  EXPECT_FALSE(fs::exists(left));
  int names = 0;
  for (const auto& entry : fs::directory_iterator(place.path())) {
    (void)entry;
    ++names;
  }
  EXPECT_EQ(names, 4 + 2 + 1);  // the others, and the new folder
}

TEST(NewFolder, LeavesTheFolderOfARunThatGoesOn) {
  const TemporaryFolder place;
  ASSERT_OK_AND_ASSIGN(NewFolder first,
                       NewFolder::Create(place.path() / "out"));
  ASSERT_OK_AND_ASSIGN(NewFolder second,
                       NewFolder::Create(place.path() / "out"));
  ASSERT_THAT(first.Commit(), Succeeds());
  EXPECT_TRUE(fs::is_directory(place.path() / "out"));
  EXPECT_THAT(second.Commit(), Fails(Reason::kAlreadyExists));
}

}  // namespace
}  // namespace tdxvfs::image
