// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <cstddef>
#include <cstdint>

#include "luks/image/squashfs_reader.h"
#include "tests/fuzz/memory_bytes.h"

namespace {

constexpr std::uint64_t kMaxContent = 1048576;  // bytes a run reads

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using tdxvfs::Error;
  using tdxvfs::Reason;
  using tdxvfs::Result;
  namespace image = tdxvfs::image;
  tdxvfs::testing::MemoryBytes source({data, size});
  const auto reader = image::SquashfsReader::Open(&source);
  if (!reader.has_value()) {
    return 0;
  }
  std::uint64_t content = 0;
  const auto count = [&](std::uint64_t /*offset*/, auto piece) -> Result<void> {
    content += piece.size();
    return content > kMaxContent ? Error(Reason::kStopped, "enough")
                                 : Result<void>();
  };
  (void)(*reader)
      ->Walk([&](const image::TreeVisit& visit) -> Result<void> {
        return S_ISREG(visit.node.mode) ? (*reader)->Content(visit.node, count)
                                        : Result<void>();
      })
      .has_value();
  return 0;
}
