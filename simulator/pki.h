// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_SIMULATOR_PKI_H_
#define TDXVFS_SIMULATOR_PKI_H_

#include <filesystem>
#include <string>

#include "common/owned_openssl.h"
#include "common/result.h"
#include "simulator/certificate_spec.h"
#include "simulator/sgx_extension.h"

namespace tdxvfs::simulator {

// The certificates of a pretend Intel.
struct PkiSpec {
  CertificateSpec root;
  CertificateSpec intermediate;
  CertificateSpec leaf;
  CertificateSpec tcb_signing;
};

// Which of Intel's CAs certifies a platform: that of servers with several
// packages, or of single-package ones.
enum class PckCa : std::uint8_t { kPlatform, kProcessor };

// Names, profiles and life times as Intel's, for one platform.
PkiSpec GoodPkiSpec(const Platform& platform = {}, PckCa ca = PckCa::kPlatform);

// A pretend Intel: a root of its own, a PCK CA, one platform's PCK certificate
// and the TCB signing certificate, with their private keys. Nothing trusts it
// unless a configuration names its root as the trust anchor.
class Pki {
 public:
  static Result<Pki> Make(const PkiSpec& spec);
  // Reads what Save wrote. A folder without tcb_signing.pem comes from a
  // version that signed no collateral: the root issues one, which is not kept.
  // Fails with kFileNotFound or kFileInvalid.
  static Result<Pki> Load(const std::filesystem::path& folder);
  // Writes root.pem (the trust anchor), intermediate.pem, leaf.pem,
  // tcb_signing.pem and their keys (*.key, mode 0600) into a folder, which is
  // made when missing. Fails with kAlreadyExists before anything is written
  // when one of them is there.
  Result<void> Save(const std::filesystem::path& folder) const;

  X509* root() const { return root_.certificate.get(); }
  X509* intermediate() const { return intermediate_.certificate.get(); }
  X509* leaf() const { return leaf_.certificate.get(); }
  X509* tcb_signing() const { return tcb_signing_.certificate.get(); }
  EVP_PKEY* root_key() const { return root_.key.get(); }
  EVP_PKEY* intermediate_key() const { return intermediate_.key.get(); }
  EVP_PKEY* leaf_key() const { return leaf_.key.get(); }
  EVP_PKEY* tcb_signing_key() const { return tcb_signing_.key.get(); }

  // The trust anchor.
  Result<std::string> RootPem() const { return ToPem(root()); }
  // Leaf, intermediate and root, as certification data of type 5 has them.
  Result<std::string> ChainPem() const;
  // TCB signing certificate and root: who signs documents.
  Result<std::string> TcbSigningChainPem() const;
  // PCK CA and root: who signs the PCK CRL.
  Result<std::string> PckCaChainPem() const;

 private:
  struct Entity {
    X509Ptr certificate;
    EvpPkeyPtr key;
  };
  static Result<Entity> LoadEntity(const std::filesystem::path& folder,
                                   const std::string& name);
  Result<void> IssueTcbSigning(const CertificateSpec& spec);

  Entity root_;
  Entity intermediate_;
  Entity leaf_;
  Entity tcb_signing_;
};

}  // namespace tdxvfs::simulator

#endif  // TDXVFS_SIMULATOR_PKI_H_
