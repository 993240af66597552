// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_POLICY_POLICY_READER_H_
#define TDXVFS_ATTEST_POLICY_POLICY_READER_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attest/policy/json_member.h"
#include "attest/policy/measurement_policy.h"

namespace tdxvfs::policy {

// Reads one policy file member by member. Use once.
class PolicyReader {
 public:
  Result<MeasurementPolicy> Read(const JsonMember& root);

 private:
  Result<void> ReadMember(std::string_view name, const JsonMember& member);
  // Where the values of this member go; null when it is no list of them.
  std::vector<Measurement>* MeasurementsNamed(std::string_view name);
  Result<void> ReadRules(std::string_view name, const JsonMember& member);
  Result<void> ReadVersion(const JsonMember& member);
  static Result<void> ReadTee(const JsonMember& member);
  Result<void> ReadRtmr(const JsonMember& member);
  Result<void> ReadServiceTd(const JsonMember& member);
  Result<void> ReadConfigDigest(const JsonMember& member);
  Result<void> ReadAcknowledge(const JsonMember& member);
  static Result<void> ReadFlag(const JsonMember& member, bool& flag);
  static Result<void> ReadMeasurements(const JsonMember& member,
                                       std::vector<Measurement>& values);
  static Result<void> ReadBits(const JsonMember& member, BitRule& rule);
  Result<void> CheckWhole(const JsonMember& root) const;

  MeasurementPolicy policy_;
  bool has_version_ = false;
};

}  // namespace tdxvfs::policy

#endif  // TDXVFS_ATTEST_POLICY_POLICY_READER_H_
