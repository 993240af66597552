// SPDX-License-Identifier: Apache-2.0
#include "keyserver/admin/client_authority.h"

#include <algorithm>
#include <ctime>
#include <string_view>
#include <utility>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "common/file.h"
#include "common/openssl_error.h"
#include "common/volume_name.h"

namespace tdxvfs::keyserver {
namespace {

using StoreContextPtr =
    std::unique_ptr<X509_STORE_CTX, FreeWith<X509_STORE_CTX_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, FreeWith<GENERAL_NAMES_free>>;

constexpr std::size_t kMaxClientCa = 64UL * 1024;
constexpr std::size_t kMaxCrlFile = 4UL * 1024 * 1024;
constexpr std::size_t kMaxSubject = 128;  // bytes of a name
constexpr std::size_t kMaxSerial = 64;
constexpr std::string_view kRolePrefix = "tdxvfs-role:";
constexpr std::string_view kVolumePrefix = "volume-admin:";

BioPtr ReadFrom(const std::string& pem) {
  return BioPtr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// Whether reading stopped because the text had no further object.
bool IsEnd() {
  const unsigned long error = ERR_peek_last_error();
  const bool end = ERR_GET_LIB(error) == ERR_LIB_PEM &&
                   ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  if (end) {
    ERR_clear_error();
  }
  return end;
}

Error ClientRefused(const std::string& name, const std::string& why) {
  return {Reason::kPermission, "client certificate '" + name + "': " + why};
}

bool IsSignedByOneOf(const std::vector<X509Ptr>& certificates, X509_CRL* list) {
  const bool found =
      std::ranges::any_of(certificates, [list](const X509Ptr& certificate) {
        return X509_CRL_verify(list, X509_get0_pubkey(certificate.get())) == 1;
      });
  ERR_clear_error();
  return found;
}

bool IsNamedByOneOf(const std::vector<X509Ptr>& certificates,
                    const X509_CRL* list) {
  return std::ranges::any_of(certificates, [list](const X509Ptr& certificate) {
    return X509_NAME_cmp(X509_CRL_get_issuer(list),
                         X509_get_subject_name(certificate.get())) == 0;
  });
}

std::string TextIn(BIO* bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  return {text, static_cast<std::size_t>(size)};
}

// "CN=alice,O=example, serial 1f": enough to find the certificate again, and
// printable, whatever stands in it. Goes into logs and the store, so it is cut.
std::string SubjectAndSerial(X509* certificate) {
  const BioPtr subject(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(subject.get(), X509_get_subject_name(certificate), 0,
                     XN_FLAG_RFC2253);
  const BioPtr serial(BIO_new(BIO_s_mem()));
  i2a_ASN1_INTEGER(serial.get(), X509_get0_serialNumber(certificate));
  return TextIn(subject.get()).substr(0, kMaxSubject) + ", serial " +
         TextIn(serial.get()).substr(0, kMaxSerial);
}

// Why a chain does not hold; OpenSSL's words say little about a missing list.
std::string_view WhyNot(int code) {
  return code == X509_V_ERR_UNABLE_TO_GET_CRL
             ? "admin.crl has no revocation list of its issuer"
             : X509_verify_cert_error_string(code);
}

// A role that this server does not know is refused with the certificate: its
// issuer meant something by it.
Result<void> AddRole(std::string_view role, Administrator* administrator) {
  if (role == "admin") {
    administrator->admin = true;
    return {};
  }
  if (role == "auditor") {
    administrator->auditor = true;
    return {};
  }
  if (role.starts_with(kVolumePrefix)) {
    role.remove_prefix(kVolumePrefix.size());
    if (CheckVolumeName(role).has_value()) {
      administrator->volumes.emplace(role);
      return {};
    }
  }
  return ClientRefused(administrator->name,
                       "role '" + std::string(role) + "' is not known");
}

Result<void> ReadRoles(X509* certificate, Administrator* administrator) {
  const NamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) {
      continue;
    }
    const ASN1_IA5STRING* const uri = name->d.uniformResourceIdentifier;
    const std::string_view text(
        reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
        static_cast<std::size_t>(ASN1_STRING_length(uri)));
    if (text.starts_with(kRolePrefix)) {
      RETURN_IF_ERROR(AddRole(text.substr(kRolePrefix.size()), administrator));
    }
  }
  if (!administrator->admin && !administrator->auditor &&
      administrator->volumes.empty()) {
    return ClientRefused(administrator->name, "it has no role");
  }
  return {};
}

}  // namespace

Result<ClientAuthority> ClientAuthority::Load(const ConfiguredFile& ca,
                                              const ConfiguredFile& crl) {
  ClientAuthority authority;
  authority.store_.reset(X509_STORE_new());
  if (!authority.store_) {
    return OpensslError(Reason::kInternal, "make a certificate store");
  }
  RETURN_IF_ERROR(authority.LoadCertificates(ca.source).Context(ca.place));
  // An authority that is not self-signed is trusted as well.
  unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN;
  if (!crl.source.empty()) {
    RETURN_IF_ERROR(authority.LoadLists(crl.source).Context(crl.place));
    flags |= X509_V_FLAG_CRL_CHECK;
  }
  if (X509_STORE_set_flags(authority.store_.get(), flags) != 1 ||
      X509_STORE_set_purpose(authority.store_.get(), X509_PURPOSE_SSL_CLIENT) !=
          1) {
    return OpensslError(Reason::kInternal, "set up a certificate store");
  }
  return authority;
}

Result<void> ClientAuthority::LoadCertificates(const std::string& path) {
  ASSIGN_OR_RETURN(ca_pem_, ReadConfigFile(path, kMaxClientCa));
  return AddCertificates().Context("'" + path + "'");
}

Result<void> ClientAuthority::LoadLists(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string pem, ReadConfigFile(path, kMaxCrlFile));
  return AddLists(pem).Context("'" + path + "'");
}

Result<void> ClientAuthority::AddCertificates() {
  const BioPtr bio = ReadFrom(ca_pem_);
  while (X509Ptr certificate{
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    if (X509_STORE_add_cert(store_.get(), certificate.get()) != 1) {
      return OpensslError(Reason::kConfigInvalid, "add certificate");
    }
    certificates_.push_back(std::move(certificate));
  }
  if (!IsEnd() || certificates_.empty()) {
    return OpensslError(Reason::kConfigInvalid,
                        certificates_.empty()
                            ? "no PEM certificate in it"
                            : "a PEM certificate in it is damaged");
  }
  return {};
}

Result<void> ClientAuthority::AddLists(const std::string& crl_pem) {
  const BioPtr bio = ReadFrom(crl_pem);
  std::size_t found = 0;
  while (X509CrlPtr list{
      PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr)}) {
    if (X509_STORE_add_crl(store_.get(), list.get()) != 1) {
      return OpensslError(Reason::kConfigInvalid, "add revocation list");
    }
    ++found;
    // Of an authority further up or of one that left: nobody asks for it.
    if (!IsNamedByOneOf(certificates_, list.get())) {
      continue;
    }
    // Everybody whom that authority certified would be refused for it.
    if (!IsSignedByOneOf(certificates_, list.get())) {
      return Error(Reason::kConfigInvalid,
                   "a list names a certificate of admin.ca as its issuer, but "
                   "is not signed by it");
    }
    lists_.push_back(std::move(list));
  }
  if (!IsEnd() || found == 0) {
    return OpensslError(
        Reason::kConfigInvalid,
        found == 0
            ? "no PEM revocation list in it (openssl ca -gencrl makes one)"
            : "a PEM revocation list in it is damaged");
  }
  return lists_.empty() ? Error(Reason::kConfigInvalid,
                                "no list is of a certificate of admin.ca")
                        : Result<void>();
}

Result<void> ClientAuthority::CheckListDates(
    std::chrono::system_clock::time_point now) const {
  std::time_t time = std::chrono::system_clock::to_time_t(now);
  for (const X509CrlPtr& list : lists_) {
    const ASN1_TIME* const end = X509_CRL_get0_nextUpdate(list.get());
    if (X509_cmp_time(X509_CRL_get0_lastUpdate(list.get()), &time) > 0) {
      return Error(Reason::kConfigInvalid,
                   "a revocation list is not yet valid: everybody whom its "
                   "issuer certified is refused");
    }
    if (end != nullptr && X509_cmp_time(end, &time) < 0) {
      return Error(Reason::kConfigInvalid,
                   "a revocation list has run out: everybody whom its issuer "
                   "certified is refused until it is made anew (openssl ca "
                   "-gencrl)");
    }
  }
  return {};
}

Result<Administrator> ClientAuthority::Admit(
    const std::string& leaf_pem,
    std::chrono::system_clock::time_point now) const {
  const BioPtr bio = ReadFrom(leaf_pem);
  const X509Ptr leaf(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!leaf) {
    ERR_clear_error();
    return Error(Reason::kPermission, "no client certificate");
  }
  Administrator administrator;
  administrator.name = SubjectAndSerial(leaf.get());
  const StoreContextPtr context(X509_STORE_CTX_new());
  if (!context || X509_STORE_CTX_init(context.get(), store_.get(), leaf.get(),
                                      nullptr) != 1) {
    return OpensslError(Reason::kInternal, "check a client certificate");
  }
  X509_STORE_CTX_set_time(context.get(), 0,
                          std::chrono::system_clock::to_time_t(now));
  if (X509_verify_cert(context.get()) != 1) {
    const int code = X509_STORE_CTX_get_error(context.get());
    ERR_clear_error();
    return ClientRefused(administrator.name, std::string(WhyNot(code)));
  }
  RETURN_IF_ERROR(ReadRoles(leaf.get(), &administrator));
  return administrator;
}

}  // namespace tdxvfs::keyserver
