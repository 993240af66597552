// SPDX-License-Identifier: Apache-2.0
#include "cli/collateral_folder.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "attest/verify/given_pck_chain.h"
#include "common/file.h"
#include "common/hex.h"

namespace tdxvfs::cli {
namespace {

// Above every cap of the parsers, so that those tell what is too large.
constexpr std::size_t kMaxFileSize = std::size_t{16} * 1024 * 1024;  // bytes

struct Member {
  std::string_view name;
  std::string_view file;
};

constexpr std::array<Member, 6> kMembers = {{
    {"tcb_info", "tcb_info.json"},
    {"tcb_signing_chain", "tcb_signing_chain.pem"},
    {"qe_identity", "qe_identity.json"},
    {"root_ca_crl", "root_ca_crl.der"},
    {"pck_crl", "pck_crl.der"},
    {"pck_crl_issuer_chain", "pck_crl_issuer_chain.pem"},
}};

// Of one platform, so that most folders have none.
constexpr Member kPckCertChain = {"pck_cert_chain", "pck_cert_chain.pem"};
constexpr mode_t kFileMode = 0644;

Result<void> CheckOverrides(const CollateralOverrides& overrides) {
  for (const auto& [name, path] : overrides) {
    if (name != kPckCertChain.name &&
        std::none_of(kMembers.begin(), kMembers.end(),
                     [&name = name](const Member& member) {
                       return member.name == name;
                     })) {
      return Error(Reason::kFileInvalid,
                   "override '" + name + "' is no member of a collateral set");
    }
  }
  return {};
}

std::vector<std::uint8_t> ToBytes(std::string_view text) {
  const auto bytes = AsBytes(text);
  return {bytes.begin(), bytes.end()};
}

std::filesystem::path PlaceOf(const Member& member,
                              const std::filesystem::path& folder,
                              const CollateralOverrides& overrides) {
  const auto instead = overrides.find(std::string(member.name));
  return instead == overrides.end() ? folder / member.file : instead->second;
}

}  // namespace

Result<verify::CollateralDocuments> ReadCollateralFolder(
    const std::filesystem::path& folder, const CollateralOverrides& overrides) {
  RETURN_IF_ERROR(CheckOverrides(overrides));
  std::array<std::string, kMembers.size()> contents;
  for (std::size_t i = 0; i < kMembers.size(); ++i) {
    ASSIGN_OR_RETURN(
        contents.at(i),
        ReadFile(PlaceOf(kMembers.at(i), folder, overrides), kMaxFileSize));
  }
  return verify::CollateralDocuments{
      .tcb_info = std::move(contents[0]),
      .tcb_signing_chain = std::move(contents[1]),
      .qe_identity = std::move(contents[2]),
      .root_ca_crl = ToBytes(contents[3]),
      .pck_crl = ToBytes(contents[4]),
      .pck_crl_issuer_chain = std::move(contents[5])};
}

Result<std::unique_ptr<verify::PckChainSource>> ReadPckCertChain(
    const std::filesystem::path& folder, const CollateralOverrides& overrides) {
  auto pem = ReadFile(PlaceOf(kPckCertChain, folder, overrides), kMaxFileSize);
  if (!pem.has_value() && pem.error().reason() == Reason::kFileNotFound &&
      !overrides.contains(std::string(kPckCertChain.name))) {
    return std::unique_ptr<verify::PckChainSource>();
  }
  if (!pem.has_value()) {
    return std::move(pem).error();
  }
  return std::unique_ptr<verify::PckChainSource>(
      std::make_unique<verify::GivenPckChain>(std::move(pem).value()));
}

Result<void> WritePckCertChain(const std::filesystem::path& folder,
                               const std::string& pem) {
  return ReplaceFile(folder / kPckCertChain.file, AsBytes(pem), kFileMode);
}

}  // namespace tdxvfs::cli
