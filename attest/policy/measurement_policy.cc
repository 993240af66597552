// SPDX-License-Identifier: Apache-2.0
#include "attest/policy/measurement_policy.h"

#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "attest/policy/attribute_bits.h"
#include "attest/policy/json_member.h"
#include "attest/policy/policy_reader.h"
#include "common/hex.h"

namespace tdxvfs::policy {
namespace {

constexpr std::size_t kMaxPolicySize = std::size_t{64} * 1024;
constexpr std::string_view kByPolicy = "policy";
constexpr std::string_view kAlways = "always";

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
                          std::span<const std::uint8_t, kSize> actual) {
  const bool listed =
      std::any_of(accepted.begin(), accepted.end(), [&](const auto& value) {
        return std::equal(value.begin(), value.end(), actual.begin());
      });
  return {std::move(name), ListText(accepted), ToHex(actual),
          accepted.empty() || listed, std::string(kByPolicy)};
}

template <std::size_t kSize>
attest::Check CheckListed(std::string name,
                          const std::vector<attest::ByteArray<kSize>>& accepted,
                          const attest::ByteArray<kSize>& actual) {
  return CheckListed<kSize>(std::move(name), accepted,
                            std::span<const std::uint8_t, kSize>(actual));
}

attest::Check CheckBits(std::string name, const BitRule& rule,
                        const Bits& actual, std::string_view source) {
  return {
      std::move(name),
      "allowed " + ToHex(rule.allowed) + " required " + ToHex(rule.required),
      ToHex(actual),
      Within(actual, rule.allowed) && Within(rule.required, actual),
      std::string(source)};
}

// Only a 1.5 body has MRSERVICETD. Without it nobody can tell whether a
// service TD could move the guest elsewhere, so such a body passes only where
// that does not matter.
attest::Check CheckServiceTd(
    const attest::TdReport& report,
    const std::optional<std::vector<Measurement>>& accepted,
    bool allows_migration) {
  if (report.mr_service_td.has_value()) {
    return CheckListed(
        "mr_service_td",
        accepted.value_or(std::vector<Measurement>{Measurement{}}),
        *report.mr_service_td);
  }
  return {"mr_service_td", accepted.has_value() ? ListText(*accepted) : "none",
          "not in a TD report 1.0", !accepted.has_value() && !allows_migration,
          std::string(kByPolicy)};
}

}  // namespace

MeasurementPolicy::MeasurementPolicy()
    : td_attributes_(kDefaultTdAttributes),
      xfam_(kDefaultXfam),
      tcb_accept_({"UpToDate"}) {}

Result<MeasurementPolicy> MeasurementPolicy::Parse(std::string_view json) {
  if (json.size() > kMaxPolicySize) {
    return Error(
        Reason::kPolicyInvalid,
        "policy: larger than " + std::to_string(kMaxPolicySize) + " bytes");
  }
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  const auto error = parser.parse(simdjson::padded_string(json)).get(root);
  if (error != simdjson::SUCCESS) {
    return Error(Reason::kPolicyInvalid, std::string("policy: not JSON: ") +
                                             simdjson::error_message(error));
  }
  return PolicyReader().Read(JsonMember(root, "$"));
}

attest::Checks MeasurementPolicy::Check(
    const attest::TdReport& report,
    std::span<const std::uint8_t, 32> config_digest) const {
  attest::Checks checks;
  checks.push_back(
      CheckBits("td_attributes defined bits, no DEBUG",
                {.allowed = kAllowableTdAttributes, .required = {}},
                report.td_attributes, kAlways));
  checks.push_back(
      CheckBits("xfam defined bits, x87 and SSE",
                {.allowed = kAllowableXfam, .required = kCompulsoryXfam},
                report.xfam, kAlways));
  checks.push_back(CheckBits("seam_attributes", {.allowed = {}, .required = {}},
                             report.seam_attributes, kAlways));
  checks.push_back(CheckListed("mr_td", mr_td_, report.mr_td));
  for (std::size_t i = 0; i < rtmr_.size(); ++i) {
    checks.push_back(CheckListed("rtmr" + std::to_string(i), rtmr_.at(i),
                                 report.rtmr.at(i)));
  }
  checks.push_back(CheckListed("mr_seam", mr_seam_, report.mr_seam));
  checks.push_back(
      CheckListed("mr_config_id", mr_config_id_, report.mr_config_id));
  checks.push_back(CheckListed("mr_owner", mr_owner_, report.mr_owner));
  checks.push_back(
      CheckListed("mr_owner_config", mr_owner_config_, report.mr_owner_config));
  checks.push_back(
      CheckServiceTd(report, mr_service_td_, AllowsMigration(td_attributes_)));
  checks.push_back(CheckBits("td_attributes", td_attributes_,
                             report.td_attributes, kByPolicy));
  checks.push_back(CheckBits("xfam", xfam_, report.xfam, kByPolicy));
  checks.push_back(
      CheckListed<32>("config_digest", config_digest_, config_digest));
  return checks;
}

bool AllPassed(const attest::Checks& checks) {
  return std::all_of(checks.begin(), checks.end(),
                     [](const attest::Check& check) { return check.passed; });
}

}  // namespace tdxvfs::policy
