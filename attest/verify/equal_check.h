// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_EQUAL_CHECK_H_
#define TDXVFS_ATTEST_VERIFY_EQUAL_CHECK_H_

#include <string>
#include <string_view>
#include <utility>

#include "attest/check.h"

namespace tdxvfs::verify {

// A check that passes when both texts are the same.
inline attest::Check EqualCheck(std::string_view name, std::string expected,
                                std::string actual, std::string_view source) {
  const bool passed = expected == actual;
  return {.name = std::string(name),
          .expected = std::move(expected),
          .actual = std::move(actual),
          .passed = passed,
          .source = source};
}

// Several checks as one list, in order. (A braced list would copy every text.)
template <typename... Check>
attest::Checks ChecksOf(Check... checks) {
  attest::Checks list;
  list.reserve(sizeof...(checks));
  (list.push_back(std::move(checks)), ...);
  return list;
}

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_EQUAL_CHECK_H_
