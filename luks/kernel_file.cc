// SPDX-License-Identifier: Apache-2.0
#include "luks/kernel_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "common/unique_fd.h"

namespace tdxvfs::luks {

std::string ReadKernelFile(const std::filesystem::path& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string content;
  std::array<char, 4096> piece{};
  ssize_t got = 0;
  while ((got = ::read(file.get(), piece.data(), piece.size())) > 0) {
    content.append(piece.data(), static_cast<std::size_t>(got));
  }
  return content;
}

}  // namespace tdxvfs::luks
