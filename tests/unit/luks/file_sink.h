// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_TESTS_UNIT_LUKS_FILE_SINK_H_
#define TDXVFS_TESTS_UNIT_LUKS_FILE_SINK_H_

#include <filesystem>
#include <fstream>
#include <span>

#include <gtest/gtest.h>

#include "common/hex.h"
#include "luks/image/image_sink.h"

namespace tdxvfs::testing {

// An image in a file, as the encrypting sink would have it in the clear.
class FileSink : public image::ImageSink {
 public:
  explicit FileSink(const std::filesystem::path& path)
      : file_(path, std::ios::binary) {
    file_.seekp(image::kImageBlockSize);
  }
  Result<void> Append(std::span<const std::uint8_t> bytes) override {
    file_.write(AsText(bytes).data(),
                static_cast<std::streamsize>(bytes.size()));
    return {};
  }
  Result<void> PutFirstBlock(std::span<const std::uint8_t> block) override {
    EXPECT_EQ(block.size(), image::kImageBlockSize);
    file_.seekp(0);
    return Append(block);
  }

 private:
  std::ofstream file_;
};

}  // namespace tdxvfs::testing

#endif  // TDXVFS_TESTS_UNIT_LUKS_FILE_SINK_H_
