// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_TESTS_FUZZ_GOLDEN_ANCHOR_H_
#define TDXVFS_TESTS_FUZZ_GOLDEN_ANCHOR_H_

#include <string>

#include "attest/verify/trust_anchor.h"
#include "common/file.h"

namespace tdxvfs {

// The anchor that the golden seeds lead to, so that a fuzzer gets past the
// root.
inline const verify::TrustAnchor& GoldenAnchor() {
  static const verify::TrustAnchor anchor =
      verify::TrustAnchor::FromPem(
          ReadFile(TDXVFS_SOURCE_DIR "/tests/golden/attest/root.pem", 65536)
              .value())
          .value();
  return anchor;
}

}  // namespace tdxvfs

#endif  // TDXVFS_TESTS_FUZZ_GOLDEN_ANCHOR_H_
