// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COLLATERAL_SET_NAME_H_
#define TDXVFS_COLLATERAL_SET_NAME_H_

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "attest/quote.h"
#include "attest/verify/collateral.h"
#include "common/result.h"

namespace tdxvfs::collateral {

// Which of the two sets that Intel serves at a time (PCS API v4, `update`):
// early ones know a TCB recovery sooner, standard ones leave platforms a year.
enum class Update : std::uint8_t { kStandard, kEarly };

// "standard" or "early"; anything else is kUsage.
Result<Update> ParseUpdate(std::string_view text);
std::string_view UpdateText(Update update);

// "tdx" or "sgx"; anything else is kUsage.
Result<attest::Tee> ParseTee(std::string_view text);
std::string_view TeeText(attest::Tee tee);

// "platform" or "processor"; anything else is kUsage. True: platform.
Result<bool> ParseCa(std::string_view text);
std::string_view CaText(bool platform_ca);

// Six bytes as hex of either case; anything else is kUsage.
Result<attest::ByteArray<6>> ParseFmspc(std::string_view text);

// Which platforms a set of collateral is for, and of which update.
struct SetName {
  attest::Tee tee = attest::Tee::kTdx;
  attest::ByteArray<6> fmspc{};
  bool platform_ca = true;
  Update update = Update::kStandard;

  // "tdx-00806f050000-platform-standard": a word for people and files.
  std::string ToText() const;
  // Reads ToText() back; anything else is kUsage.
  static Result<SetName> FromText(std::string_view text);

  // NOLINTNEXTLINE(modernize-use-nullptr): a 0 that clang 14 adds
  auto operator<=>(const SetName&) const = default;
};

// A set together with its name.
struct NamedSet {
  SetName name;
  verify::CollateralDocuments documents;
};

}  // namespace tdxvfs::collateral

#endif  // TDXVFS_COLLATERAL_SET_NAME_H_
