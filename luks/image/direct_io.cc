// SPDX-License-Identifier: Apache-2.0
#include "luks/image/direct_io.h"

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <utility>

#include "luks/image/pending_file.h"

namespace tdxvfs::image {
namespace {

UniqueFd OpenDirect(int descriptor, int mode) {
  const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  return UniqueFd(::open(path.c_str(), mode | O_DIRECT | O_CLOEXEC));
}

bool LiesOnBlocks(std::uint64_t offset, std::span<const std::uint8_t> bytes) {
  return offset % kDirectBlock == 0 && bytes.size() % kDirectBlock == 0 &&
         reinterpret_cast<std::uintptr_t>(bytes.data()) % kDirectBlock == 0;
}

}  // namespace

DirectOutput::DirectOutput(int descriptor, std::uint64_t offset,
                           std::string name)
    : descriptor_(descriptor),
      name_(std::move(name)),
      direct_(OpenDirect(descriptor, O_WRONLY)) {
  const DirectBytes block(kDirectBlock);
  if (direct_.valid() && !WriteDirectly(offset, block)) {
    direct_.Reset();
  }
}

bool DirectOutput::WriteDirectly(std::uint64_t offset,
                                 std::span<const std::uint8_t> bytes) const {
  if (!direct_.valid() || !LiesOnBlocks(offset, bytes)) {
    return false;
  }
  return ::pwrite(direct_.get(), bytes.data(), bytes.size(),
                  static_cast<off_t>(offset)) ==
         static_cast<ssize_t>(bytes.size());
}

// What cannot be written directly, wholly, goes through the page cache: then
// the kernel tells a full disk or a limit from sizes that direct I/O dislikes.
Result<void> DirectOutput::Write(std::uint64_t offset,
                                 std::span<const std::uint8_t> bytes) const {
  if (WriteDirectly(offset, bytes)) {
    return {};
  }
  RETURN_IF_ERROR(
      WriteAll(descriptor_, offset, bytes).Context("'" + name_ + "'"));
  // Starts the disk at once instead of leaving all of it to the last fsync,
  // which is the call that reports a failure.
  (void)::sync_file_range(descriptor_, static_cast<off_t>(offset),
                          static_cast<off_t>(bytes.size()),
                          SYNC_FILE_RANGE_WRITE);
  return {};
}

DirectInput::DirectInput(int descriptor)
    : direct_(OpenDirect(descriptor, O_RDONLY)) {}

bool DirectInput::Read(std::uint64_t offset,
                       std::span<std::uint8_t> bytes) const {
  return direct_.valid() && LiesOnBlocks(offset, bytes) &&
         ::pread(direct_.get(), bytes.data(), bytes.size(),
                 static_cast<off_t>(offset)) ==
             static_cast<ssize_t>(bytes.size());
}

}  // namespace tdxvfs::image
