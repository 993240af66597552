// SPDX-License-Identifier: Apache-2.0
// Kills an opening or a closing at single system calls: strace lets a process
// die at the Nth call of a kind, so the code under test needs no hook.
#include <stdio.h>
#include <stdlib.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/result_matchers.h"
#include "tests/unit/luks/device/device_fixture.h"
#include "tests/unit/luks/volume_files.h"

namespace tdxvfs::luks {
namespace {

using testing::DeviceTest;
using testing::RunTool;
using testing::Slurp;
using testing::StateOf;
using testing::Succeeds;

namespace fs = std::filesystem;

// Calls that change something outside the process.
constexpr const char* kCalls =
    "ioctl,mkdir,add_key,keyctl,fsopen,fsconfig,fsmount,move_mount,umount2,"
    "unlink,mknod,semctl";
// Points of an opening, which has more calls; a closing has fewer than these
// and is killed at each of them. 40 or more in all.
constexpr std::size_t kOpenings = 30;
constexpr std::size_t kClosings = 10;
constexpr int kKilled = 128 + 9;  // as a shell tells it

// The Nth call of one kind.
using Point = std::pair<std::string, int>;

class KilledTest : public DeviceTest {
 protected:
  void SetUp() override {
    DeviceTest::SetUp();
    if (!IsSkipped()) {
      image_ = CopyOf("model.img");
    }
  }

  std::vector<std::string> Program(const std::string& verb) const {
    return {fs::read_symlink("/proc/self/exe").string(), verb,
            testing::Fixtures().string(), image_.string(),
            Place().mount_point.string()};
  }
  int Strace(std::vector<std::string> options, const std::string& verb) const {
    options.insert(options.begin(), {"strace", "-f", "-qq"});
    const auto program = Program(verb);
    options.insert(options.end(), program.begin(), program.end());
    return RunTool(options).exit_code;
  }
  // Every point at which a recorded run could be killed, in order; all of them
  // or as many as there is time for.
  std::vector<Point> PointsOf(const std::string& verb) const {
    const fs::path log = folder_.path() / "calls";
    const bool every = ::getenv("TDXVFS_EVERY_CALL") != nullptr;
    EXPECT_EQ(
        Strace({"-o", log.string(), "-e",
                std::string("trace=") + (every ? "openat," : "") + kCalls},
               verb),
        0);
    std::vector<Point> all;
    std::map<std::string, int> counts;
    std::istringstream lines(Slurp(log));
    for (std::string line; std::getline(lines, line);) {
      // Behind the process, in a column as wide as the largest number.
      const std::size_t start = line.find_first_not_of(' ', line.find(' '));
      const std::size_t end = line.find('(', start);
      if (end != std::string::npos && line.find("resumed") > line.size()) {
        const std::string call = line.substr(start, end - start);
        all.emplace_back(call, ++counts[call]);
      }
    }
    if (every || all.size() <= kOpenings) {
      return all;
    }
    std::vector<Point> some;
    for (std::size_t i = 0; i < kOpenings; ++i) {
      some.push_back(all[i * all.size() / kOpenings]);
    }
    return some;
  }
  // Whether it was killed: not every run makes as many calls as the recorded
  // one, and one that ends before the point has to succeed.
  bool Kill(const Point& point, const std::string& verb) const {
    const int code =
        Strace({"-o", "/dev/null", "-e", "trace=" + point.first, "-e",
                "inject=" + point.first +
                    ":signal=SIGKILL:when=" + std::to_string(point.second)},
               verb);
    EXPECT_TRUE(code == kKilled || code == 0)
        << point.first << " " << point.second << ": " << code;
    return code == kKilled;
  }

  fs::path image_;
};

TEST_F(KilledTest, D10_AnOpeningKilledAtASystemCallLeavesNothingForGood) {
  const std::vector<Point> points = PointsOf("--open");
  ASSERT_THAT(CloseVolume(Place(), CloseMode::kNormal, nullptr), Succeeds());
  ASSERT_GE(points.size(), kOpenings);
  std::size_t killed = 0;
  int partial = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    killed += Kill(points[i], "--open") ? 1U : 0U;
    const VolumeState state = StateOf(Place());
    partial += state.kind == VolumeState::Kind::kPartial ? 1 : 0;
    if (i % 2 == 0 && state.kind != VolumeState::Kind::kOpen) {
      ASSERT_THAT(Open(image_, Place()), Succeeds())
          << points[i].first << " " << points[i].second;
    }
    ASSERT_THAT(CloseVolume(Place(), CloseMode::kNormal, nullptr), Succeeds())
        << points[i].first << " " << points[i].second;
    ExpectNothingLeft();
  }
  EXPECT_GE(killed, points.size() * 3 / 4);
  // Otherwise no kill came late enough to matter.
  EXPECT_GT(partial, 0);
  (void)::printf("%zu openings killed, %d left mappings behind\n", killed,
                 partial);
}

TEST_F(KilledTest, D10_AClosingKilledAtASystemCallIsFinishedByTheNext) {
  ASSERT_THAT(Open(image_, Place()), Succeeds());
  const std::vector<Point> points = PointsOf("--close");
  ASSERT_GE(points.size(), kClosings);
  std::size_t killed = 0;
  int partial = 0;
  for (const Point& point : points) {
    if (StateOf(Place()).kind != VolumeState::Kind::kOpen) {
      ASSERT_THAT(Open(image_, Place()), Succeeds());
    }
    killed += Kill(point, "--close") ? 1U : 0U;
    const VolumeState state = StateOf(Place());
    partial += state.kind == VolumeState::Kind::kPartial ? 1 : 0;
    ASSERT_THAT(CloseVolume(Place(), CloseMode::kNormal, nullptr), Succeeds())
        << point.first << " " << point.second;
    ExpectNothingLeft();
  }
  EXPECT_GE(killed, points.size() * 3 / 4);
  EXPECT_GT(partial, 0);
  (void)::printf("%zu closings killed, %d left mappings behind\n", killed,
                 partial);
}

}  // namespace
}  // namespace tdxvfs::luks
