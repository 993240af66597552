// SPDX-License-Identifier: Apache-2.0
#include "luks/image/header_backup.h"

#include <errno.h>
#include <sys/stat.h>

#include <string>
#include <system_error>
#include <utility>

#include "common/file.h"
#include "common/hex.h"
#include "luks/image/pending_file.h"

namespace tdxvfs::image {
namespace {

constexpr mode_t kMode = 0600;  // key slots are for guessing at

// Under its name only when it is complete: the next import takes one that a
// killed import left, and no half of one may stand in its way.
Result<void> WriteWhole(const std::filesystem::path& path,
                        std::span<const std::uint8_t> header) {
  ASSIGN_OR_RETURN(PendingFile file, PendingFile::Create(path, kMode));
  // As asked for, whatever the umask.
  if (::fchmod(file.descriptor(), kMode) != 0) {
    return SystemError(ReasonOfWrite(errno), "'" + path.string() + "'", errno);
  }
  RETURN_IF_ERROR(WriteAll(file.descriptor(), 0, header)
                      .Context("'" + path.string() + "'"));
  return file.Commit();
}

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
  auto written = WriteWhole(path, header);
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
