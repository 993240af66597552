// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <string>
#include <string_view>

#include "attest/tcb_status.h"
#include "attest/verify/utc_time.h"
#include "cli/quote_verdict.h"

namespace tdxvfs::cli {
namespace {

std::string CheckJson(const attest::Check& check, std::string_view verdict) {
  return JsonObject()
      .String("name", check.name)
      .String("expected", check.expected)
      .String("actual", check.actual)
      .String("verdict", verdict)
      .String("source", check.source)
      .Close();
}

std::string ChecksJson(const QuoteVerdict& verdict) {
  JsonArray checks;
  for (const attest::Check& check : verdict.checks) {
    checks.Raw(CheckJson(check, check.passed ? "passed" : "failed"));
  }
  if (verdict.without_collateral) {
    checks.Raw(CheckJson(CollateralNotChecked(), "not checked"));
  }
  return checks.Close();
}

void AddStatus(std::string_view name, std::optional<attest::TcbStatus> status,
               JsonObject& object) {
  if (status.has_value()) {
    object.String(name, attest::TcbStatusName(*status));
  } else {
    object.Null(name);
  }
}

void AddTcb(const std::optional<attest::TcbVerdict>& tcb, JsonObject& object) {
  if (!tcb.has_value()) {
    object.Null("tcb_status")
        .Null("tcb_date")
        .Raw("advisory_ids", "[]")
        .Null("qe_status")
        .Null("platform_status")
        .Null("module_status");
    return;
  }
  JsonArray advisory_ids;
  for (const std::string& id : tcb->advisory_ids) {
    advisory_ids.String(id);
  }
  AddStatus("tcb_status", tcb->status, object);
  object.String("tcb_date", verify::UtcText(tcb->date))
      .Raw("advisory_ids", advisory_ids.Close());
  AddStatus("qe_status", tcb->qe_status, object);
  AddStatus("platform_status", tcb->platform_status, object);
  AddStatus("module_status", tcb->module_status, object);
}

}  // namespace

void AddVerdict(const QuoteVerdict& verdict, JsonObject& object) {
  object.String("verdict", verdict.genuine ? "genuine" : "refused");
  AddTcb(verdict.tcb, object);
  object.Boolean("debug", verdict.debug);
  if (verdict.tcb.has_value()) {
    object.String("earliest_expiry",
                  verify::UtcText(verdict.tcb->earliest_expiry));
  } else {
    object.Null("earliest_expiry");
  }
  if (verdict.genuine) {
    object.Null("reason").Null("failure_class").Null("message");
  } else {
    object.String("reason", InfoOf(verdict.reason).slug)
        .String("failure_class",
                verify::FailureClassName(verdict.failure_class))
        .String("message", verdict.failure);
  }
  if (verdict.remedy.empty()) {
    object.Null("remedy");
  } else {
    object.String("remedy", verdict.remedy);
  }
  object.Raw("checks", ChecksJson(verdict));
}

}  // namespace tdxvfs::cli
