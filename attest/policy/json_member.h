// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_POLICY_JSON_MEMBER_H_
#define TDXVFS_ATTEST_POLICY_JSON_MEMBER_H_

#include <simdjson.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace tdxvfs::policy {

// One JSON value and where it stands ("$.rtmr.0[1]"). Every reading function
// refuses null and the wrong type with kPolicyInvalid naming the path.
class JsonMember {
 public:
  JsonMember(simdjson::dom::element element, std::string path)
      : element_(element), path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  // kPolicyInvalid: "policy: PATH: WHY".
  Error Refused(std::string_view why) const;

  using Visit =
      std::function<Result<void>(std::string_view name, JsonMember member)>;
  // Visits the members of a non-empty object; a doubled name is refused.
  Result<void> ForEachMember(const Visit& visit) const;
  // The elements of a non-empty array.
  Result<std::vector<JsonMember>> Elements() const;
  Result<std::string> NonEmptyString() const;
  Result<bool> Boolean() const;
  Result<std::int64_t> Integer() const;
  // Exactly `size` bytes as lower-case hex.
  Result<std::vector<std::uint8_t>> Hex(std::size_t size) const;

  // The refusal of a member that the schema does not have; `known` names those
  // that it has.
  static Error UnknownMember(const JsonMember& member, std::string_view known);

 private:
  simdjson::dom::element element_;
  std::string path_;
};

}  // namespace tdxvfs::policy

#endif  // TDXVFS_ATTEST_POLICY_JSON_MEMBER_H_
