// SPDX-License-Identifier: Apache-2.0
#include "collateral/set_directory.h"

#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "common/file.h"
#include "common/hex.h"

namespace tdxvfs::collateral {
namespace {

constexpr const char* kTcbInfo = "tcb_info.json";
constexpr const char* kTcbSigningChain = "tcb_signing_chain.pem";
constexpr const char* kQeIdentity = "qe_identity.json";
constexpr const char* kRootCaCrl = "root_ca_crl.der";
constexpr const char* kPckCrl = "pck_crl.der";
constexpr const char* kPckCrlIssuerChain = "pck_crl_issuer_chain.pem";
constexpr mode_t kSetFileMode = 0644;
constexpr mode_t kSetDirectoryMode = 0755;

Result<std::vector<std::uint8_t>> ReadCrl(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(const std::string content, ReadFile(path, verify::kMaxCrl));
  const auto bytes = AsBytes(content);
  return std::vector<std::uint8_t>(bytes.begin(), bytes.end());
}

}  // namespace

bool IsSetDirectory(const std::filesystem::path& directory) {
  std::error_code error;
  return std::filesystem::exists(directory / kTcbInfo, error);
}

Result<verify::CollateralDocuments> ReadSetDirectory(
    const std::filesystem::path& directory) {
  verify::CollateralDocuments set;
  ASSIGN_OR_RETURN(set.tcb_info,
                   ReadFile(directory / kTcbInfo, verify::kMaxSignedDocument));
  ASSIGN_OR_RETURN(set.tcb_signing_chain, ReadFile(directory / kTcbSigningChain,
                                                   verify::kMaxIssuerChain));
  ASSIGN_OR_RETURN(set.qe_identity, ReadFile(directory / kQeIdentity,
                                             verify::kMaxSignedDocument));
  ASSIGN_OR_RETURN(set.root_ca_crl, ReadCrl(directory / kRootCaCrl));
  ASSIGN_OR_RETURN(set.pck_crl, ReadCrl(directory / kPckCrl));
  ASSIGN_OR_RETURN(
      set.pck_crl_issuer_chain,
      ReadFile(directory / kPckCrlIssuerChain, verify::kMaxIssuerChain));
  return set;
}

Result<void> WriteSetDirectory(const std::filesystem::path& directory,
                               const verify::CollateralDocuments& documents) {
  if (mkdir(directory.c_str(), kSetDirectoryMode) != 0 && errno != EEXIST) {
    return SystemError(Reason::kFileUnwritable,
                       "create directory '" + directory.string() + "'", errno);
  }
  const auto write = [&directory](const char* name,
                                  std::span<const std::uint8_t> content) {
    return ReplaceFile(directory / name, content, kSetFileMode);
  };
  RETURN_IF_ERROR(write(kTcbInfo, AsBytes(documents.tcb_info)));
  RETURN_IF_ERROR(
      write(kTcbSigningChain, AsBytes(documents.tcb_signing_chain)));
  RETURN_IF_ERROR(write(kQeIdentity, AsBytes(documents.qe_identity)));
  RETURN_IF_ERROR(write(kRootCaCrl, documents.root_ca_crl));
  RETURN_IF_ERROR(write(kPckCrl, documents.pck_crl));
  return write(kPckCrlIssuerChain, AsBytes(documents.pck_crl_issuer_chain));
}

}  // namespace tdxvfs::collateral
