// SPDX-License-Identifier: Apache-2.0
#include "luks/profile_check.h"

#include <errno.h>
#include <unistd.h>

#include <string>

namespace tdxvfs::luks {

Result<std::vector<std::uint8_t>> BytesOf(const Header& header) {
  std::vector<std::uint8_t> bytes(header.size());
  if (::pread(header.descriptor(), bytes.data(), bytes.size(), 0) !=
      static_cast<ssize_t>(bytes.size())) {
    return SystemError(Reason::kInternal, "read the sealed header", errno);
  }
  return bytes;
}

Result<void> ResultOf(const HeaderRefusals& refusals) {
  if (refusals.empty()) {
    return {};
  }
  const std::string more =
      refusals.size() == 1
          ? ""
          : ", and " + std::to_string(refusals.size() - 1) + " more";
  return Error(Reason::kHeaderRefused, "LUKS2 header: '" +
                                           refusals.front().path + "' " +
                                           refusals.front().reason + more);
}

}  // namespace tdxvfs::luks
