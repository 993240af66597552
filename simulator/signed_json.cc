// SPDX-License-Identifier: Apache-2.0
#include "simulator/signed_json.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "common/hex.h"
#include "common/json_text.h"
#include "simulator/quote_parts.h"

namespace tdxvfs::simulator {

Result<std::string> ApplyEdits(std::string text,
                               const std::vector<JsonEdit>& edits) {
  for (const JsonEdit& edit : edits) {
    const std::size_t position = text.find(edit.from);
    if (position == std::string::npos) {
      return Error(Reason::kUsage, "no '" + edit.from + "' to replace");
    }
    text.replace(position, edit.from.size(), edit.to);
  }
  return text;
}

Result<std::string> SignDocument(std::string_view member, std::string inner,
                                 const SigningSpec& spec, EVP_PKEY* key) {
  ASSIGN_OR_RETURN(const std::string edited,
                   ApplyEdits(std::move(inner), spec.before_signing));
  ASSIGN_OR_RETURN(const auto signature, RawSignature(key, AsBytes(edited)));
  return ApplyEdits(JsonObject()
                        .Raw(member, edited)
                        .String("signature", ToHex(signature))
                        .Close(),
                    spec.after_signing);
}

std::string UpperHex(std::span<const std::uint8_t> bytes) {
  std::string hex = ToHex(bytes);
  std::ranges::transform(hex, hex.begin(), [](unsigned char digit) {
    return static_cast<char>(std::toupper(digit));
  });
  return hex;
}

std::string DocumentTime(std::chrono::system_clock::time_point time) {
  constexpr std::size_t whole_seconds = 19;
  return JsonTime(time).substr(0, whole_seconds) + "Z";
}

}  // namespace tdxvfs::simulator
