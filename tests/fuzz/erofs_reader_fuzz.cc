// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "luks/image/crc32c.h"
#include "luks/image/erofs_walk.h"

namespace {

using tdxvfs::Error;
using tdxvfs::Reason;
using tdxvfs::Result;
namespace image = tdxvfs::image;

constexpr std::size_t kSuperBlockAt = 1024;
constexpr std::uint64_t kMaxContent = 1048576;  // bytes a run reads

class Source : public image::BlockSource {
 public:
  explicit Source(std::vector<std::uint8_t> bytes) : bytes_(std::move(bytes)) {}
  std::uint64_t blocks() const override {
    return bytes_.size() / image::kErofsBlock;
  }
  Result<void> Read(std::uint64_t first,
                    std::span<std::uint8_t> target) override {
    if (first > blocks() ||
        target.size() / image::kErofsBlock > blocks() - first) {
      std::abort();  // the reader asks for what is not there
    }
    std::copy_n(bytes_.begin() +
                    static_cast<std::ptrdiff_t>(first * image::kErofsBlock),
                target.size(), target.begin());
    return {};
  }

 private:
  std::vector<std::uint8_t> bytes_;
};

}  // namespace

// The checksum is made right first: an attacker would do so, too.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  std::vector<std::uint8_t> bytes(data, data + size);
  if (size >= image::kErofsBlock) {
    const auto super = std::span(bytes).subspan(
        kSuperBlockAt, image::kErofsBlock - kSuperBlockAt);
    image::PutNumber(super, 4, 4, 0);
    image::PutNumber(super, 4, 4, image::Crc32c(super));
  }
  Source source(std::move(bytes));
  auto reader = image::ErofsReader::Open(&source);
  if (!reader.has_value()) {
    return 0;
  }
  std::uint64_t content = 0;
  const auto count = [&](std::uint64_t /*offset*/,
                         std::span<const std::uint8_t> piece) -> Result<void> {
    content += piece.size();
    if (content > kMaxContent) {
      return Error(Reason::kStopped, "enough");
    }
    return {};
  };
  (void)image::WalkErofs(&*reader,
                         [&](const image::ErofsVisit& visit) -> Result<void> {
                           RETURN_IF_ERROR(reader->Attributes(visit.node));
                           if (S_ISLNK(visit.node.mode)) {
                             RETURN_IF_ERROR(reader->LinkTarget(visit.node));
                           }
                           return S_ISREG(visit.node.mode)
                                      ? reader->Content(visit.node, count)
                                      : Result<void>();
                         })
      .has_value();
  return 0;
}
