// SPDX-License-Identifier: Apache-2.0
#include "cli/collateral_folder.h"

#include <algorithm>
#include <array>
#include <string_view>

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

Result<void> CheckOverrides(const CollateralOverrides& overrides) {
  for (const auto& [name, path] : overrides) {
    if (std::none_of(kMembers.begin(), kMembers.end(),
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

}  // namespace

Result<verify::CollateralDocuments> ReadCollateralFolder(
    const std::filesystem::path& folder, const CollateralOverrides& overrides) {
  RETURN_IF_ERROR(CheckOverrides(overrides));
  std::array<std::string, kMembers.size()> contents;
  for (std::size_t i = 0; i < kMembers.size(); ++i) {
    const Member& member = kMembers.at(i);
    const auto instead = overrides.find(std::string(member.name));
    ASSIGN_OR_RETURN(contents.at(i),
                     ReadFile(instead == overrides.end() ? folder / member.file
                                                         : instead->second,
                              kMaxFileSize));
  }
  return verify::CollateralDocuments{
      .tcb_info = std::move(contents[0]),
      .tcb_signing_chain = std::move(contents[1]),
      .qe_identity = std::move(contents[2]),
      .root_ca_crl = ToBytes(contents[3]),
      .pck_crl = ToBytes(contents[4]),
      .pck_crl_issuer_chain = std::move(contents[5])};
}

}  // namespace tdxvfs::cli
