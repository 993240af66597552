// SPDX-License-Identifier: Apache-2.0
#include "simulator/pki.h"

#include <array>
#include <system_error>
#include <utility>
#include <vector>

#include <openssl/pem.h>

#include "common/file.h"
#include "common/hex.h"
#include "common/openssl_error.h"

namespace tdxvfs::simulator {
namespace {

constexpr std::size_t kMaxPemSize = std::size_t{64} * 1024;
constexpr mode_t kPublic = 0644;
constexpr mode_t kPrivate = 0600;
constexpr const char* kTcbSigning = "tcb_signing";
constexpr const char* kCaUsage = "critical,keyCertSign,cRLSign";
constexpr const char* kLeafUsage = "critical,digitalSignature,nonRepudiation";
constexpr const char* kRootCrlUrl =
    "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der";
constexpr const char* kPckCrlUrl =
    "https://api.trustedservices.intel.com/sgx/certification/v4/"
    "pckcrl?encoding=der&ca=";
// What a leaf of the Processor CA has: no instance id, no configuration.
constexpr std::size_t kProcessorEntries = 5;

// Long lives around any clock that a test machine or guest may have:
// 2018-05-21 and 2049-12-31.
constexpr std::chrono::system_clock::time_point kNotBefore{
    std::chrono::seconds(1526860800)};
constexpr std::chrono::system_clock::time_point kNotAfter{
    std::chrono::seconds(2524521600)};

CertificateSpec CaSpec(std::string name, std::string constraints) {
  CertificateSpec spec;
  spec.common_name = std::move(name);
  spec.not_before = kNotBefore;
  spec.not_after = kNotAfter;
  spec.basic_constraints = std::move(constraints);
  spec.key_usage = kCaUsage;
  spec.crl_url = kRootCrlUrl;
  return spec;
}

Result<std::string> KeyToPem(EVP_PKEY* key) {
  const BioPtr memory(BIO_new(BIO_s_mem()));
  if (memory == nullptr ||
      PEM_write_bio_PKCS8PrivateKey(memory.get(), key, nullptr, nullptr, 0,
                                    nullptr, nullptr) != 1) {
    return OpensslError(Reason::kInternal, "write a key");
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

BioPtr Reading(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

}  // namespace

PkiSpec GoodPkiSpec(const Platform& platform, PckCa ca) {
  const bool platform_ca = ca == PckCa::kPlatform;
  PkiSpec spec;
  spec.root = CaSpec("Intel SGX Root CA", "critical,CA:TRUE,pathlen:1");
  spec.intermediate = CaSpec(
      platform_ca ? "Intel SGX PCK Platform CA" : "Intel SGX PCK Processor CA",
      "critical,CA:TRUE,pathlen:0");
  spec.leaf = CaSpec("Intel SGX PCK Certificate", "critical,CA:FALSE");
  spec.leaf.key_usage = kLeafUsage;
  spec.leaf.crl_url =
      std::string(kPckCrlUrl) + (platform_ca ? "platform" : "processor");
  auto entries = ExtensionEntries(platform, TcbEntries(platform));
  if (!platform_ca) {
    entries.resize(kProcessorEntries);
  }
  spec.leaf.sgx_extensions = {DerSequence(entries)};
  spec.tcb_signing = CaSpec("Intel SGX TCB Signing", "critical,CA:FALSE");
  spec.tcb_signing.key_usage = kLeafUsage;
  return spec;
}

Result<Pki> Pki::Make(const PkiSpec& spec) {
  Pki pki;
  ASSIGN_OR_RETURN(pki.root_.key, MakeKey(spec.root.key));
  ASSIGN_OR_RETURN(pki.intermediate_.key, MakeKey(spec.intermediate.key));
  ASSIGN_OR_RETURN(pki.leaf_.key, MakeKey(spec.leaf.key));
  ASSIGN_OR_RETURN(
      pki.root_.certificate,
      MakeCertificate(spec.root, pki.root_key(), {nullptr, pki.root_key()}));
  ASSIGN_OR_RETURN(pki.intermediate_.certificate,
                   MakeCertificate(spec.intermediate, pki.intermediate_key(),
                                   {pki.root(), pki.root_key()}));
  ASSIGN_OR_RETURN(
      pki.leaf_.certificate,
      MakeCertificate(spec.leaf, pki.leaf_key(),
                      {pki.intermediate(), pki.intermediate_key()}));
  RETURN_IF_ERROR(pki.IssueTcbSigning(spec.tcb_signing));
  return pki;
}

Result<void> Pki::IssueTcbSigning(const CertificateSpec& spec) {
  ASSIGN_OR_RETURN(tcb_signing_.key, MakeKey(spec.key));
  ASSIGN_OR_RETURN(
      tcb_signing_.certificate,
      MakeCertificate(spec, tcb_signing_key(), {root(), root_key()}));
  return {};
}

Result<std::string> Pki::ChainPem() const {
  ASSIGN_OR_RETURN(std::string chain, ToPem(leaf()));
  ASSIGN_OR_RETURN(const std::string intermediate_pem, ToPem(intermediate()));
  ASSIGN_OR_RETURN(const std::string root_pem, ToPem(root()));
  return chain + intermediate_pem + root_pem;
}

Result<std::string> Pki::TcbSigningChainPem() const {
  ASSIGN_OR_RETURN(const std::string signing_pem, ToPem(tcb_signing()));
  ASSIGN_OR_RETURN(const std::string root_pem, ToPem(root()));
  return signing_pem + root_pem;
}

Result<std::string> Pki::PckCaChainPem() const {
  ASSIGN_OR_RETURN(const std::string intermediate_pem, ToPem(intermediate()));
  ASSIGN_OR_RETURN(const std::string root_pem, ToPem(root()));
  return intermediate_pem + root_pem;
}

Result<void> Pki::Save(const std::filesystem::path& folder) const {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return Error(Reason::kPermission,
                 "create '" + folder.string() + "': " + error.message());
  }
  struct File {
    std::string name;
    std::string content;
    mode_t mode;
  };
  std::vector<File> files;
  const std::array<std::pair<std::string, const Entity*>, 4> entities = {
      {{"root", &root_},
       {"intermediate", &intermediate_},
       {"leaf", &leaf_},
       {kTcbSigning, &tcb_signing_}}};
  for (const auto& [name, entity] : entities) {
    ASSIGN_OR_RETURN(std::string certificate, ToPem(entity->certificate.get()));
    ASSIGN_OR_RETURN(std::string key, KeyToPem(entity->key.get()));
    files.push_back({name + ".pem", std::move(certificate), kPublic});
    files.push_back({name + ".key", std::move(key), kPrivate});
  }
  for (const File& file : files) {
    if (std::filesystem::exists(folder / file.name, error)) {
      return Error(Reason::kAlreadyExists,
                   "'" + (folder / file.name).string() + "' exists");
    }
  }
  for (const File& file : files) {
    RETURN_IF_ERROR(
        WriteNewFile(folder / file.name, AsBytes(file.content), file.mode));
  }
  return {};
}

Result<Pki::Entity> Pki::LoadEntity(const std::filesystem::path& folder,
                                    const std::string& name) {
  const auto certificate_path = folder / (name + ".pem");
  const auto key_path = folder / (name + ".key");
  ASSIGN_OR_RETURN(const std::string certificate,
                   ReadFile(certificate_path, kMaxPemSize));
  ASSIGN_OR_RETURN(const std::string key, ReadFile(key_path, kMaxPemSize));
  Entity entity;
  entity.certificate.reset(
      PEM_read_bio_X509(Reading(certificate).get(), nullptr, nullptr, nullptr));
  if (entity.certificate == nullptr) {
    return OpensslError(Reason::kFileInvalid,
                        "read '" + certificate_path.string() + "'");
  }
  entity.key.reset(
      PEM_read_bio_PrivateKey(Reading(key).get(), nullptr, nullptr, nullptr));
  if (entity.key == nullptr) {
    return OpensslError(Reason::kFileInvalid,
                        "read '" + key_path.string() + "'");
  }
  return entity;
}

Result<Pki> Pki::Load(const std::filesystem::path& folder) {
  Pki pki;
  ASSIGN_OR_RETURN(pki.root_, LoadEntity(folder, "root"));
  ASSIGN_OR_RETURN(pki.intermediate_, LoadEntity(folder, "intermediate"));
  ASSIGN_OR_RETURN(pki.leaf_, LoadEntity(folder, "leaf"));
  std::error_code error;
  if (std::filesystem::exists(folder / (std::string(kTcbSigning) + ".pem"),
                              error)) {
    ASSIGN_OR_RETURN(pki.tcb_signing_, LoadEntity(folder, kTcbSigning));
  } else {
    RETURN_IF_ERROR(pki.IssueTcbSigning(GoodPkiSpec().tcb_signing));
  }
  return pki;
}

}  // namespace tdxvfs::simulator
