// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_SIMULATOR_CERTIFICATE_SPEC_H_
#define TDXVFS_SIMULATOR_CERTIFICATE_SPEC_H_

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/owned_openssl.h"
#include "common/result.h"
#include "simulator/der_writer.h"

namespace tdxvfs::simulator {

// Of an extension that nobody knows: from what RFC 5612 keeps for examples.
inline constexpr const char* kUnknownExtensionOid = "1.3.6.1.4.1.32473.1";

// Keys that a certificate can be made for; only the first is right.
enum class KeyKind : std::uint8_t { kP256, kP384, kRsa2048 };
Result<EvpPkeyPtr> MakeKey(KeyKind kind);

// What a certificate says. The defaults make a good one; tests change one
// thing at a time.
struct CertificateSpec {
  std::string common_name;
  std::string second_common_name;  // none when empty
  std::chrono::system_clock::time_point not_before;
  std::chrono::system_clock::time_point not_after;
  KeyKind key = KeyKind::kP256;
  bool sha384 = false;  // signed with SHA-384 instead
  int version = 2;      // X.509 v3
  // Values in the words of x509v3_config(5); none when empty.
  std::string basic_constraints;
  std::string key_usage;
  std::string crl_url;
  bool subject_key_id = true;
  bool authority_key_id = true;
  bool unknown_critical_extension = false;
  std::vector<Bytes> sgx_extensions;
};

// Who signs: its certificate (null for a self-signed one) and key.
struct Signer {
  X509* certificate = nullptr;
  EVP_PKEY* key = nullptr;
};

// Makes a certificate for the public half of `subject_key`.
Result<X509Ptr> MakeCertificate(const CertificateSpec& spec,
                                EVP_PKEY* subject_key, const Signer& signer);

Result<std::string> ToPem(X509* certificate);

}  // namespace tdxvfs::simulator

#endif  // TDXVFS_SIMULATOR_CERTIFICATE_SPEC_H_
