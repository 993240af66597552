// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_INTEL_ROOT_H_
#define TDXVFS_ATTEST_VERIFY_INTEL_ROOT_H_

#include <string_view>

#include "common/sha256.h"

namespace tdxvfs::verify {

// Intel SGX Root CA, the anchor of every genuine PCK chain.
extern const std::string_view kIntelRootPem;
// SHA-256 of its SubjectPublicKeyInfo, shared by both genuine root
// certificates.
extern const Sha256Digest kIntelRootKeyDigest;

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_INTEL_ROOT_H_
