// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_SIMULATOR_CRL_SPEC_H_
#define TDXVFS_SIMULATOR_CRL_SPEC_H_

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "simulator/certificate_spec.h"
#include "simulator/der_writer.h"

namespace tdxvfs::simulator {

// A certificate that a CRL lists.
struct RevokedSpec {
  Bytes serial;                // unsigned, big-endian
  bool key_compromise = true;  // gives this reason, else none
  // Says, critical, that another CA issued the certificate.
  bool other_issuer = false;
};

// What a CRL says. The defaults make a good one; tests change one thing at a
// time.
struct CrlSpec {
  std::chrono::system_clock::time_point this_update;
  std::optional<std::chrono::system_clock::time_point> next_update;
  std::vector<RevokedSpec> revoked;
  std::optional<long> number = 1;  // as in every CRL of Intel's
  bool authority_key_id = true;
  // Whose key identifier it gives as the issuer's; null: the signer's own.
  X509* authority = nullptr;
  int version = 1;      // X.509 v2
  bool sha384 = false;  // signed with SHA-384 instead
  // The issuer's common name instead of the signer's own; none when empty.
  std::string issuer_name;
  bool delta = false;                  // a delta CRL indicator
  bool distribution_point = false;     // an issuing distribution point
  bool incomplete_is_critical = true;  // these two, as RFC 5280 demands
  bool unknown_critical_extension = false;
  bool signature_flipped = false;
  Bytes tail;  // after the end of the DER
};

// An X.509 CRL as DER, by this issuer.
Result<Bytes> MakeCrl(const CrlSpec& spec, const Signer& issuer);

// The serial number of a certificate, to revoke it.
Result<Bytes> SerialOf(const X509* certificate);

}  // namespace tdxvfs::simulator

#endif  // TDXVFS_SIMULATOR_CRL_SPEC_H_
