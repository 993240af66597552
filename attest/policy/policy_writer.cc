// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "attest/policy/attribute_bits.h"
#include "attest/policy/measurement_policy.h"
#include "common/hex.h"
#include "common/json_text.h"

namespace tdxvfs::policy {
namespace {

using event_log::EventKind;

// ICSSD, KL, TPA and PERFMON: what a guest may turn on without weakening
// itself, and a policy learned from it may therefore allow.
constexpr Bits kWidenable = {0x00, 0x00, 0x01, 0x80, 0x00, 0x00, 0x00, 0xc0};

std::string One(std::span<const std::uint8_t> value) {
  return JsonArray().String(ToHex(value)).Close();
}

void PinUnlessZero(JsonObject& policy, std::string_view name,
                   const Measurement& value) {
  if (value != Measurement{}) {
    policy.Raw(name, One(value));
  }
}

// Nothing when the strict default fits.
void WriteTdAttributes(JsonObject& policy, const Bits& actual) {
  const BitRule rule = {
      .allowed =
          Union(kDefaultTdAttributes.allowed, Common(actual, kWidenable)),
      .required = Common(kDefaultTdAttributes.required, actual)};
  if (rule.allowed == kDefaultTdAttributes.allowed &&
      rule.required == kDefaultTdAttributes.required) {
    return;
  }
  policy.Raw("td_attributes", JsonObject()
                                  .String("allowed", ToHex(rule.allowed))
                                  .String("required", ToHex(rule.required))
                                  .Close());
}

Result<void> WriteEvents(JsonObject& policy, const event_log::EventLog& log) {
  ASSIGN_OR_RETURN(const std::vector<LoggedEvent> logged, LoggedEvents(log));
  JsonObject events;
  bool any = false;
  for (const EventKind kind : {EventKind::kBootApplication, EventKind::kKernel,
                               EventKind::kInitrd, EventKind::kCommandLine}) {
    std::set<std::string> digests;
    for (const LoggedEvent& event : logged) {
      if (event.kind == kind) {
        digests.insert(ToHex(event.digest));
      }
    }
    JsonArray list;
    for (const std::string& digest : digests) {
      list.String(digest);
    }
    if (!digests.empty()) {
      events.Raw(event_log::InfoOf(kind).name, list.Close());
      any = true;
    }
  }
  if (any) {
    policy.Raw("events", events.Close());
  }
  return {};
}

}  // namespace

Result<std::string> PolicyFromReport(const attest::TdReport& report,
                                     bool learned,
                                     const event_log::EventLog* event_log) {
  JsonObject policy;
  policy.Number("version", 1).String("tee", "tdx");
  policy.Raw("mr_td", One(report.mr_td));
  policy.Raw("rtmr", JsonObject()
                         .Raw("0", One(report.rtmr[0]))
                         .Raw("1", One(report.rtmr[1]))
                         .Raw("2", One(report.rtmr[2]))
                         .Close());
  PinUnlessZero(policy, "mr_config_id", report.mr_config_id);
  PinUnlessZero(policy, "mr_owner", report.mr_owner);
  PinUnlessZero(policy, "mr_owner_config", report.mr_owner_config);
  WriteTdAttributes(policy, report.td_attributes);
  if (event_log != nullptr) {
    RETURN_IF_ERROR(WriteEvents(policy, *event_log));
  }
  if (learned) {
    policy.Raw("acknowledge", JsonArray().String("learned").Close());
  }
  return policy.Close();
}

}  // namespace tdxvfs::policy
