// SPDX-License-Identifier: Apache-2.0
#include "luks/image/direct_output.h"

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <string>

namespace tdxvfs::image {

UniqueFd OpenDirect(int descriptor, std::uint64_t offset) {
  const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  UniqueFd direct(::open(path.c_str(), O_WRONLY | O_DIRECT | O_CLOEXEC));
  const DirectBytes block(kDirectBlock);
  if (direct.valid() && ::pwrite(direct.get(), block.data(), block.size(),
                                 static_cast<off_t>(offset)) !=
                            static_cast<ssize_t>(block.size())) {
    direct.Reset();
  }
  return direct;
}

}  // namespace tdxvfs::image
