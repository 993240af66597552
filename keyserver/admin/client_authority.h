// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_ADMIN_CLIENT_AUTHORITY_H_
#define TDXVFS_KEYSERVER_ADMIN_CLIENT_AUTHORITY_H_

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "common/owned_openssl.h"
#include "common/result.h"
#include "keyserver/admin/administrator.h"
#include "keyserver/configured_file.h"

namespace tdxvfs::keyserver {

// Who issues the client certificates of remote administrators, and which of
// them are revoked. A certificate's roles are its URI names (subjectAltName):
// `tdxvfs-role:admin`, `tdxvfs-role:auditor`, `tdxvfs-role:volume-admin:NAME`.
// Immutable, shared between threads.
class ClientAuthority {
 public:
  // Reads the files: `ca` with one or more PEM certificates, `crl` with the PEM
  // revocation lists of all of them, or without a source when nothing is ever
  // revoked.
  // Lists of other issuers count for nothing.
  // Fails with kConfigInvalid or kConfigMissing.
  static Result<ClientAuthority> Load(const ConfiguredFile& ca,
                                      const ConfiguredFile& crl);

  // Whether every list is in date: once one is not, everybody is refused whom
  // its issuer certified. Fails with kConfigInvalid.
  Result<void> CheckListDates(std::chrono::system_clock::time_point now) const;

  const std::string& ca_pem() const { return ca_pem_; }

  // Checks signature, dates, purpose (TLS client) and revocation of a leaf,
  // and reads its roles. Once its list is out of date every certificate is
  // refused. Fails with kPermission.
  Result<Administrator> Admit(const std::string& leaf_pem,
                              std::chrono::system_clock::time_point now) const;

 private:
  struct FreeStore {
    void operator()(X509_STORE* store) const { X509_STORE_free(store); }
  };

  ClientAuthority() = default;
  Result<void> LoadCertificates(const std::string& path);
  Result<void> AddCertificates();
  Result<void> LoadLists(const std::string& path);
  Result<void> AddLists(const std::string& crl_pem);

  std::string ca_pem_;
  std::vector<X509Ptr> certificates_;
  std::vector<X509CrlPtr> lists_;
  std::unique_ptr<X509_STORE, FreeStore> store_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_ADMIN_CLIENT_AUTHORITY_H_
