// SPDX-License-Identifier: Apache-2.0
#include "collateral/set_name.h"

#include <algorithm>

#include "common/hex.h"

namespace tdxvfs::collateral {
namespace {

Error Unknown(std::string_view what, std::string_view text,
              std::string_view words) {
  return {Reason::kUsage, std::string(what) + " '" + std::string(text) +
                              "': must be " + std::string(words)};
}

}  // namespace

Result<Update> ParseUpdate(std::string_view text) {
  if (text == "standard") {
    return Update::kStandard;
  }
  if (text == "early") {
    return Update::kEarly;
  }
  return Unknown("update", text, "standard or early");
}

std::string_view UpdateText(Update update) {
  return update == Update::kEarly ? "early" : "standard";
}

Result<attest::Tee> ParseTee(std::string_view text) {
  if (text == "tdx") {
    return attest::Tee::kTdx;
  }
  if (text == "sgx") {
    return attest::Tee::kSgx;
  }
  return Unknown("TEE", text, "tdx or sgx");
}

std::string_view TeeText(attest::Tee tee) {
  return tee == attest::Tee::kTdx ? "tdx" : "sgx";
}

Result<bool> ParseCa(std::string_view text) {
  if (text == "platform" || text == "processor") {
    return text == "platform";
  }
  return Unknown("CA", text, "platform or processor");
}

std::string_view CaText(bool platform_ca) {
  return platform_ca ? "platform" : "processor";
}

Result<attest::ByteArray<6>> ParseFmspc(std::string_view text) {
  attest::ByteArray<6> fmspc{};
  const auto bytes = FromHex(text);
  if (!bytes.has_value() || bytes->size() != fmspc.size()) {
    return Unknown("FMSPC", text, "12 hex digits");
  }
  std::ranges::copy(*bytes, fmspc.begin());
  return fmspc;
}

std::string SetName::ToText() const {
  return std::string(TeeText(tee)) + "-" + ToHex(fmspc) + "-" +
         std::string(CaText(platform_ca)) + "-" +
         std::string(UpdateText(update));
}

Result<SetName> SetName::FromText(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t end = text.find('-'); end != std::string_view::npos;
       end = text.find('-')) {
    words.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  words.push_back(text);
  if (words.size() != 4) {
    return Unknown("set", text, "TEE-FMSPC-CA-UPDATE");
  }
  SetName name;
  ASSIGN_OR_RETURN(name.tee, ParseTee(words[0]));
  ASSIGN_OR_RETURN(name.fmspc, ParseFmspc(words[1]));
  ASSIGN_OR_RETURN(name.platform_ca, ParseCa(words[2]));
  ASSIGN_OR_RETURN(name.update, ParseUpdate(words[3]));
  return name;
}

}  // namespace tdxvfs::collateral
