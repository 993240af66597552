// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_SIMULATOR_CERTIFICATION_DATA_H_
#define TDXVFS_SIMULATOR_CERTIFICATION_DATA_H_

#include <cstdint>

#include "common/result.h"
#include "simulator/der_writer.h"
#include "simulator/pki.h"

namespace tdxvfs::simulator {

inline constexpr std::uint16_t kPemPckChain = 5;

// Certification data of a type that Intel's quoting enclaves make: the PCK
// chain (5), or which certificate signed, with the PPID in the clear (1) or
// encrypted (2: RSA-2048, 3: RSA-3072; random bytes here, since nobody but
// Intel could read them). Any other type is kUsage.
Result<Bytes> MakeCertificationData(const Pki& pki, std::uint16_t type);

}  // namespace tdxvfs::simulator

#endif  // TDXVFS_SIMULATOR_CERTIFICATION_DATA_H_
