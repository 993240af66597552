// SPDX-License-Identifier: Apache-2.0
#include "luks/image/parallel_pieces.h"

#include <latch>
#include <memory>
#include <thread>

#include "tests/support/result_matchers.h"

namespace tdxvfs::image {
namespace {

using ::tdxvfs::testing::Fails;

// The second piece's failure is told after the first piece was stopped by it.
class StoppedBeforeTheCause final : public PieceWorker {
 public:
  StoppedBeforeTheCause(std::latch* failing, std::latch* stopped)
      : failing_(failing), stopped_(stopped) {}
  Result<void> Work(std::uint64_t offset, std::uint64_t /*length*/) override {
    if (offset == 0) {
      failing_->wait();
      stopped_->count_down();
      return Error(Reason::kStopped, "another thread failed");
    }
    failing_->count_down();
    stopped_->wait();
    return Error(Reason::kNoSpace, "no room");
  }

 private:
  std::latch* const failing_;
  std::latch* const stopped_;
};

TEST(RunPieces, TellsTheCauseAndNotWhoWasStoppedByIt) {
  if (std::thread::hardware_concurrency() < 2) {
    GTEST_SKIP() << "needs two threads";
  }
  std::latch failing(1);
  std::latch stopped(1);
  const auto run = RunPieces(
      2, 1,
      [&]() -> Result<std::unique_ptr<PieceWorker>> {
        return std::unique_ptr<PieceWorker>(
            std::make_unique<StoppedBeforeTheCause>(&failing, &stopped));
      },
      nullptr);
  EXPECT_THAT(run, Fails(Reason::kNoSpace));
}

}  // namespace
}  // namespace tdxvfs::image
