// SPDX-License-Identifier: Apache-2.0
#include "luks/image/header_backup.h"

#include <sys/types.h>

#include <string>
#include <system_error>
#include <utility>

#include "common/file.h"
#include "common/hex.h"

namespace tdxvfs::image {
namespace {

constexpr mode_t kMode = 0600;  // key slots are for guessing at

}  // namespace

HeaderBackup::HeaderBackup(HeaderBackup&& other) noexcept
    : made_(std::exchange(other.made_, {})) {}

HeaderBackup::~HeaderBackup() {
  std::error_code ignored;
  if (!made_.empty()) {
    (void)std::filesystem::remove(made_, ignored);
  }
}

Result<HeaderBackup> HeaderBackup::Write(const std::filesystem::path& path,
                                         std::span<const std::uint8_t> header) {
  auto written = WriteNewFile(path, header, kMode);
  if (written.has_value()) {
    return HeaderBackup(path);
  }
  if (written.error().reason() == Reason::kAlreadyExists) {
    const auto found = ReadFile(path, header.size());
    if (found.has_value() && *found == AsText(header)) {
      return HeaderBackup({});
    }
  }
  return std::move(written).Context("header backup").error();
}

}  // namespace tdxvfs::image
