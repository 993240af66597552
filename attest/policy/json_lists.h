// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_POLICY_JSON_LISTS_H_
#define TDXVFS_ATTEST_POLICY_JSON_LISTS_H_

#include <algorithm>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attest/policy/json_member.h"
#include "attest/quote.h"
#include "common/result.h"

namespace tdxvfs::policy {

// A non-empty list of byte strings in lower-case hex, each once.
template <std::size_t kSize>
Result<std::vector<attest::ByteArray<kSize>>> ReadByteArrays(
    const JsonMember& member) {
  std::vector<attest::ByteArray<kSize>> values;
  ASSIGN_OR_RETURN(const std::vector<JsonMember> elements, member.Elements());
  for (const JsonMember& element : elements) {
    ASSIGN_OR_RETURN(const std::vector<std::uint8_t> bytes, element.Hex(kSize));
    attest::ByteArray<kSize> value{};
    std::copy(bytes.begin(), bytes.end(), value.begin());
    if (std::find(values.begin(), values.end(), value) != values.end()) {
      return element.Refused("listed twice");
    }
    values.push_back(value);
  }
  return values;
}

// Refuses a string that cannot stand in a list.
using CheckString = std::function<Result<void>(const std::string& text,
                                               const JsonMember& element)>;

// A non-empty list of non-empty strings, each once; `check` sees each.
Result<std::vector<std::string>> ReadStrings(const JsonMember& member,
                                             const CheckString& check);

// A non-empty list of words out of a fixed set, each once.
Result<std::vector<std::string>> ReadWords(
    const JsonMember& member, std::span<const std::string_view> known);

}  // namespace tdxvfs::policy

#endif  // TDXVFS_ATTEST_POLICY_JSON_LISTS_H_
