// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_HEADER_REFUSAL_H_
#define TDXVFS_LUKS_HEADER_REFUSAL_H_

#include <string>
#include <vector>

namespace tdxvfs::luks {

// What a header profile does not take.
struct HeaderRefusal {
  // JSON pointer into the metadata ("/segments/0/encryption"), or a member of
  // a binary header ("binary/0/csum_alg"; 0 is the first, 1 the second).
  std::string path;
  std::string reason;
};
using HeaderRefusals = std::vector<HeaderRefusal>;

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_HEADER_REFUSAL_H_
