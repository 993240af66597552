// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_TESTS_SUPPORT_JSON_MEMBERS_H_
#define TDXVFS_TESTS_SUPPORT_JSON_MEMBERS_H_

#include <simdjson.h>

#include <string>
#include <string_view>

namespace tdxvfs::testing {

// A member's text; empty for null and where there is none.
inline std::string TextOf(const simdjson::dom::element& item,
                          std::string_view name) {
  std::string_view text;
  return item[name].get(text) == simdjson::SUCCESS ? std::string(text)
                                                   : std::string();
}

inline bool FlagOf(const simdjson::dom::element& item, std::string_view name) {
  bool flag = false;
  return item[name].get(flag) == simdjson::SUCCESS && flag;
}

}  // namespace tdxvfs::testing

#endif  // TDXVFS_TESTS_SUPPORT_JSON_MEMBERS_H_
