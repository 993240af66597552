// SPDX-License-Identifier: Apache-2.0
#include "attest/policy/policy_reader.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <utility>

#include "attest/policy/attribute_bits.h"
#include "attest/policy/json_lists.h"

namespace tdxvfs::policy {
namespace {

constexpr std::int64_t kPolicyVersion = 1;
constexpr std::array<std::string_view, 4> kAcknowledgements = {
    "rtmr0", "rtmr1", "rtmr2", "learned"};

Result<void> ReadMask(const JsonMember& member, Bits& mask) {
  ASSIGN_OR_RETURN(const std::vector<std::uint8_t> bytes,
                   member.Hex(mask.size()));
  std::copy(bytes.begin(), bytes.end(), mask.begin());
  return {};
}

bool IsGroupOfRules(std::string_view name) {
  return name == "tcb" || name == "platforms" || name == "events";
}

template <typename Rules>
Result<void> Store(Result<Rules> read, Rules& rules) {
  ASSIGN_OR_RETURN(rules, std::move(read));
  return {};
}

}  // namespace

Result<MeasurementPolicy> PolicyReader::Read(const JsonMember& root) {
  RETURN_IF_ERROR(root.ForEachMember(
      [this](std::string_view name, const JsonMember& member) {
        return ReadMember(name, member);
      }));
  RETURN_IF_ERROR(CheckWhole(root));
  return std::move(policy_);
}

Result<void> PolicyReader::ReadMember(std::string_view name,
                                      const JsonMember& member) {
  if (std::vector<Measurement>* values = MeasurementsNamed(name);
      values != nullptr) {
    return ReadMeasurements(member, *values);
  }
  if (IsGroupOfRules(name)) {
    return ReadRules(name, member);
  }
  const std::map<std::string_view,
                 std::function<Result<void>(const JsonMember&)>>
      others = {
          {"version", [this](const auto& m) { return ReadVersion(m); }},
          {"tee", [](const auto& m) { return ReadTee(m); }},
          {"rtmr", [this](const auto& m) { return ReadRtmr(m); }},
          {"mr_service_td", [this](const auto& m) { return ReadServiceTd(m); }},
          {"td_attributes",
           [this](const auto& m) {
             return ReadBits(m, policy_.td_attributes_);
           }},
          {"xfam",
           [this](const auto& m) { return ReadBits(m, policy_.xfam_); }},
          {"config_digest",
           [this](const auto& m) { return ReadConfigDigest(m); }},
          {"acknowledge", [this](const auto& m) { return ReadAcknowledge(m); }},
          {"allow_rollback",
           [this](const auto& m) {
             return ReadFlag(m, policy_.allow_rollback_);
           }},
          {"allow_imported", [this](const auto& m) {
             return ReadFlag(m, policy_.allow_imported_);
           }}};
  const auto found = others.find(name);
  if (found == others.end()) {
    return JsonMember::UnknownMember(
        member,
        "version, tee, mr_td, rtmr, mr_seam, mr_config_id, mr_owner, "
        "mr_owner_config, mr_service_td, td_attributes, xfam, config_digest, "
        "tcb, platforms, events, acknowledge, allow_rollback, allow_imported");
  }
  return found->second(member);
}

std::vector<Measurement>* PolicyReader::MeasurementsNamed(
    std::string_view name) {
  const std::map<std::string_view, std::vector<Measurement>*> measurements = {
      {"mr_td", &policy_.mr_td_},
      {"mr_seam", &policy_.mr_seam_},
      {"mr_config_id", &policy_.mr_config_id_},
      {"mr_owner", &policy_.mr_owner_},
      {"mr_owner_config", &policy_.mr_owner_config_}};
  const auto found = measurements.find(name);
  return found == measurements.end() ? nullptr : found->second;
}

Result<void> PolicyReader::ReadRules(std::string_view name,
                                     const JsonMember& member) {
  if (name == "tcb") {
    return Store(ReadTcbRules(member), policy_.tcb_);
  }
  if (name == "platforms") {
    return Store(ReadPlatformRules(member), policy_.platforms_);
  }
  return Store(ReadEventRules(member), policy_.events_);
}

Result<void> PolicyReader::ReadVersion(const JsonMember& member) {
  ASSIGN_OR_RETURN(const std::int64_t version, member.Integer());
  if (version != kPolicyVersion) {
    return member.Refused("this program reads version 1");
  }
  has_version_ = true;
  return {};
}

Result<void> PolicyReader::ReadTee(const JsonMember& member) {
  ASSIGN_OR_RETURN(const std::string tee, member.NonEmptyString());
  if (tee != "tdx") {
    return member.Refused("not 'tdx'");
  }
  return {};
}

Result<void> PolicyReader::ReadRtmr(const JsonMember& member) {
  return member.ForEachMember(
      [this](std::string_view name,
             const JsonMember& register_values) -> Result<void> {
        if (name.size() != 1 || name[0] < '0' || name[0] > '3') {
          return JsonMember::UnknownMember(register_values, "0, 1, 2, 3");
        }
        return ReadMeasurements(
            register_values,
            policy_.rtmr_.at(static_cast<std::size_t>(name[0] - '0')));
      });
}

Result<void> PolicyReader::ReadServiceTd(const JsonMember& member) {
  return ReadMeasurements(member, policy_.mr_service_td_.emplace());
}

Result<void> PolicyReader::ReadConfigDigest(const JsonMember& member) {
  ASSIGN_OR_RETURN(policy_.config_digest_, ReadByteArrays<32>(member));
  return {};
}

Result<void> PolicyReader::ReadAcknowledge(const JsonMember& member) {
  ASSIGN_OR_RETURN(policy_.acknowledged_, ReadWords(member, kAcknowledgements));
  return {};
}

Result<void> PolicyReader::ReadFlag(const JsonMember& member, bool& flag) {
  ASSIGN_OR_RETURN(flag, member.Boolean());
  return {};
}

Result<void> PolicyReader::ReadMeasurements(const JsonMember& member,
                                            std::vector<Measurement>& values) {
  ASSIGN_OR_RETURN(values, ReadByteArrays<48>(member));
  return {};
}

Result<void> PolicyReader::ReadBits(const JsonMember& member, BitRule& rule) {
  return member.ForEachMember(
      [&rule](std::string_view name, const JsonMember& mask) -> Result<void> {
        if (name == "allowed") {
          return ReadMask(mask, rule.allowed);
        }
        if (name == "required") {
          return ReadMask(mask, rule.required);
        }
        return JsonMember::UnknownMember(mask, "allowed, required");
      });
}

Result<void> PolicyReader::CheckWhole(const JsonMember& root) const {
  const auto refused = [&root](const std::string& member,
                               std::string_view why) {
    return Error(Reason::kPolicyInvalid, "policy: " + root.path() + "." +
                                             member + ": " + std::string(why));
  };
  if (!has_version_) {
    return refused("version", "missing");
  }
  if (policy_.mr_td_.empty()) {
    // Forged firmware can extend any RTMR value it likes.
    return refused("mr_td", "missing, and it cannot be left out");
  }
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string name = "rtmr" + std::to_string(i);
    const auto& words = policy_.acknowledged_;
    if (policy_.rtmr_.at(i).empty() &&
        std::find(words.begin(), words.end(), name) == words.end()) {
      return refused("rtmr." + std::to_string(i),
                     "missing; pin it or name '" + name + "' in 'acknowledge'");
    }
  }
  if (!Within(policy_.td_attributes_.allowed, kAllowableTdAttributes)) {
    return refused("td_attributes.allowed",
                   "DEBUG and reserved bits can never be allowed");
  }
  if (!Within(policy_.xfam_.allowed, kAllowableXfam)) {
    return refused("xfam.allowed", "reserved bits can never be allowed");
  }
  if (!Within(policy_.td_attributes_.required,
              policy_.td_attributes_.allowed)) {
    return refused("td_attributes", "requires bits that it does not allow");
  }
  if (!Within(Union(policy_.xfam_.required, kCompulsoryXfam),
              policy_.xfam_.allowed)) {
    return refused("xfam", "requires bits that it does not allow");
  }
  return {};
}

}  // namespace tdxvfs::policy
