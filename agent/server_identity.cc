// SPDX-License-Identifier: Apache-2.0
#include "agent/server_identity.h"

#include <vector>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include "common/openssl_error.h"
#include "common/owned_openssl.h"

namespace tdxvfs::agent {
namespace {

using StorePtr = std::unique_ptr<X509_STORE, FreeWith<X509_STORE_free>>;
using StoreContextPtr =
    std::unique_ptr<X509_STORE_CTX, FreeWith<X509_STORE_CTX_free>>;
// The stack only points at certificates that the vector owns.
struct FreeStack {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
};
using StackPtr = std::unique_ptr<STACK_OF(X509), FreeStack>;

constexpr std::size_t kMaxCertificates = 16;
// Security level 2: 112 bits and more, no SHA-1.
constexpr int kSecurityLevel = 2;

std::vector<X509Ptr> ReadCertificates(std::string_view pem) {
  std::vector<X509Ptr> certificates;
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  while (bio && certificates.size() < kMaxCertificates) {
    X509Ptr certificate(
        PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!certificate) {
      break;
    }
    certificates.push_back(std::move(certificate));
  }
  ERR_clear_error();  // the end of the text counts as an error
  return certificates;
}

Result<Sha256Digest> DigestOfKey(const X509& leaf) {
  std::uint8_t* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(&leaf), &der);
  if (size <= 0) {
    return OpensslError(Reason::kServerIdentity, "read the server's key");
  }
  const std::vector<std::uint8_t> copy(der, der + size);
  OPENSSL_free(der);
  return Sha256(copy);
}

// Host names by RFC 6125: the subject's common name never counts, and a
// wildcard stands for a whole label.
Result<void> ExpectHost(const ServerAddress& address,
                        X509_VERIFY_PARAM* parameters) {
  X509_VERIFY_PARAM_set_hostflags(parameters,
                                  X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
                                      X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const int done =
      address.IsIpAddress()
          ? X509_VERIFY_PARAM_set1_ip_asc(parameters, address.host.c_str())
          : X509_VERIFY_PARAM_set1_host(parameters, address.host.c_str(),
                                        address.host.size());
  if (done != 1) {
    return OpensslError(Reason::kInternal, "set the expected host up");
  }
  return {};
}

// Without a CA the leaf itself is the anchor: then dates, purpose and name are
// checked, and the pin says whether it is the right one.
Result<void> VerifyChain(const ServerIdentity& expected,
                         const std::vector<X509Ptr>& anchors,
                         const std::vector<X509Ptr>& chain) {
  const StorePtr store(X509_STORE_new());
  const StackPtr untrusted(sk_X509_new_null());
  const StoreContextPtr context(X509_STORE_CTX_new());
  if (!store || !untrusted || !context) {
    return OpensslError(Reason::kInternal, "set certificate checking up");
  }
  for (const X509Ptr& anchor : anchors) {
    X509_STORE_add_cert(store.get(), anchor.get());
  }
  for (const X509Ptr& certificate : chain) {
    sk_X509_push(untrusted.get(), certificate.get());
  }
  if (X509_STORE_CTX_init(context.get(), store.get(), chain.front().get(),
                          untrusted.get()) != 1) {
    return OpensslError(Reason::kInternal, "set certificate checking up");
  }
  X509_VERIFY_PARAM* const parameters =
      X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_SERVER);
  X509_VERIFY_PARAM_set_auth_level(parameters, kSecurityLevel);
  // Whatever the CA file holds is trusted, also when it is no root.
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
  RETURN_IF_ERROR(ExpectHost(expected.address, parameters));
  if (X509_verify_cert(context.get()) != 1) {
    const int code = X509_STORE_CTX_get_error(context.get());
    ERR_clear_error();
    return Error(Reason::kServerIdentity,
                 "certificate of '" + expected.address.ToString() +
                     "' is refused: " + X509_verify_cert_error_string(code));
  }
  return {};
}

}  // namespace

Result<void> CheckCanIdentify(const ServerIdentity& expected) {
  if (expected.ca_pem.empty() && !expected.spki.has_value()) {
    return Error(Reason::kConfigInvalid,
                 "neither a CA nor a server key is configured");
  }
  if (!expected.ca_pem.empty() && ReadCertificates(expected.ca_pem).empty()) {
    return Error(Reason::kConfigInvalid,
                 "the CA file holds no readable certificate");
  }
  return {};
}

Result<void> CheckServerIdentity(const ServerIdentity& expected,
                                 std::string_view chain_pem) {
  const std::vector<X509Ptr> chain = ReadCertificates(chain_pem);
  if (chain.empty()) {
    return Error(Reason::kServerIdentity,
                 "'" + expected.address.ToString() +
                     "' presented no readable certificate");
  }
  RETURN_IF_ERROR(CheckCanIdentify(expected));
  std::vector<X509Ptr> anchors = ReadCertificates(expected.ca_pem);
  if (anchors.empty()) {
    X509_up_ref(chain.front().get());
    anchors.emplace_back(chain.front().get());
  }
  RETURN_IF_ERROR(VerifyChain(expected, anchors, chain));
  if (!expected.spki.has_value()) {
    return {};
  }
  ASSIGN_OR_RETURN(const Sha256Digest key, DigestOfKey(*chain.front()));
  if (key != *expected.spki) {
    return Error(Reason::kServerIdentity,
                 "the key of '" + expected.address.ToString() +
                     "' is not the one that 'server_spki' pins");
  }
  return {};
}

Result<Sha256Digest> CertificateDigest(std::string_view pem) {
  const std::vector<X509Ptr> certificates = ReadCertificates(pem);
  Sha256Digest digest{};
  unsigned int size = digest.size();
  if (certificates.empty() ||
      X509_digest(certificates.front().get(), EVP_sha256(), digest.data(),
                  &size) != 1) {
    return OpensslError(Reason::kServerIdentity,
                        "read the server's certificate");
  }
  return digest;
}

}  // namespace tdxvfs::agent
