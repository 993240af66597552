// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_POLICY_CHECK_LIST_H_
#define TDXVFS_ATTEST_POLICY_CHECK_LIST_H_

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "attest/check.h"
#include "attest/quote.h"
#include "common/hex.h"

namespace tdxvfs::policy {

// Where a rule comes from: the volume's policy, or what no policy changes.
inline constexpr std::string_view kByPolicy = "policy";
inline constexpr std::string_view kAlways = "always";

// "HEX", "one of HEX HEX" or "any value".
template <std::size_t kSize>
std::string ListText(const std::vector<attest::ByteArray<kSize>>& values) {
  if (values.empty()) {
    return "any value";
  }
  std::string text = values.size() == 1 ? "" : "one of";
  for (const auto& value : values) {
    text += (text.empty() ? "" : " ") + ToHex(value);
  }
  return text;
}

// An empty list leaves the value open.
template <std::size_t kSize>
attest::Check CheckListed(std::string name,
                          const std::vector<attest::ByteArray<kSize>>& accepted,
                          const attest::ByteArray<kSize>& actual) {
  const bool listed =
      std::find(accepted.begin(), accepted.end(), actual) != accepted.end();
  return {std::move(name), ListText(accepted), ToHex(actual),
          accepted.empty() || listed, kByPolicy};
}

}  // namespace tdxvfs::policy

#endif  // TDXVFS_ATTEST_POLICY_CHECK_LIST_H_
