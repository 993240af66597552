// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_BENCH_FLOOR_WORK_H_
#define TDXVFS_BENCH_FLOOR_WORK_H_

#include <array>
#include <cstdint>
#include <vector>

#include "common/owned_openssl.h"
#include "common/x25519.h"

namespace tdxvfs::bench {

// The public-key operations that no release can do without, once its platform
// is known: the attestation key's signature over the quote (ECDSA P-256 over
// header and TD report), and an X25519 key pair and agreement to seal the
// grant. Thread-safe. Ends the program when OpenSSL fails.
class FloorWork {
 public:
  FloorWork();
  void Run() const;

 private:
  static constexpr std::size_t kSignedSize = 48 + 584;  // header, TD 1.0 report

  EvpPkeyPtr key_;
  std::array<std::uint8_t, kSignedSize> signed_{};
  std::vector<std::uint8_t> signature_;
  X25519KeyPair guest_;
};

}  // namespace tdxvfs::bench

#endif  // TDXVFS_BENCH_FLOOR_WORK_H_
