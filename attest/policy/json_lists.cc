// SPDX-License-Identifier: Apache-2.0
#include "attest/policy/json_lists.h"

#include <utility>

namespace tdxvfs::policy {

Result<std::vector<std::string>> ReadStrings(const JsonMember& member,
                                             const CheckString& check) {
  std::vector<std::string> words;
  ASSIGN_OR_RETURN(const std::vector<JsonMember> elements, member.Elements());
  for (const JsonMember& element : elements) {
    ASSIGN_OR_RETURN(std::string word, element.NonEmptyString());
    RETURN_IF_ERROR(check(word, element));
    if (std::find(words.begin(), words.end(), word) != words.end()) {
      return element.Refused("listed twice");
    }
    words.push_back(std::move(word));
  }
  return words;
}

Result<std::vector<std::string>> ReadWords(
    const JsonMember& member, std::span<const std::string_view> known) {
  return ReadStrings(
      member,
      [known](const std::string& word,
              const JsonMember& element) -> Result<void> {
        if (std::find(known.begin(), known.end(), word) == known.end()) {
          std::string words = "expected one of";
          for (const std::string_view one : known) {
            words += (one == known.front() ? " " : ", ") + std::string(one);
          }
          return element.Refused(words);
        }
        return {};
      });
}

}  // namespace tdxvfs::policy
