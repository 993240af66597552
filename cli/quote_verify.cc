// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "attest/verify/trust_anchor.h"
#include "attest/verify/verify_quote.h"
#include "cli/check_table.h"
#include "cli/commands.h"
#include "cli/quote_file.h"
#include "cli/rfc3339.h"
#include "cli/text_table.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/hex.h"
#include "common/json_text.h"

namespace tdxvfs::cli {
namespace {

constexpr std::size_t kMaxAnchorSize = std::size_t{64} * 1024;  // bytes

struct Options {
  std::string file;
  std::string collateral;
  std::string trust_anchor;
  std::string at;
};

// What is printed: the evaluation, also of a file that is no quote at all.
struct Verdict {
  attest::Checks checks;
  bool genuine = false;
  std::string failure;  // empty when genuine
  bool debug = false;
};

// TDATTRIBUTES bit 0 and ATTRIBUTES bit 1 (SGX) let the host read the memory.
bool IsDebug(const attest::Quote& quote) {
  if (const attest::TdReport* report = quote.td_report()) {
    return (report->td_attributes[0] & 0x01U) != 0;
  }
  const auto* report = std::get_if<attest::SgxReport>(&quote.body);
  return report != nullptr && (report->attributes[0] & 0x02U) != 0;
}

Result<verify::TrustAnchor> LoadAnchor(const std::string& file) {
  if (file.empty()) {
    return verify::TrustAnchor::Intel();
  }
  ASSIGN_OR_RETURN(const std::string pem, ReadFile(file, kMaxAnchorSize));
  return verify::TrustAnchor::FromPem(pem).Context("trust anchor '" + file +
                                                   "'");
}

Result<std::chrono::system_clock::time_point> TimeOf(const std::string& at) {
  if (at.empty()) {
    return SystemClock().Now();
  }
  return ParseRfc3339(at);
}

// Bytes that are no quote are a verdict too, since the question was whether
// they are a genuine one.
Verdict NotAQuote(const Error& error) {
  return {.checks = {{.name = "quote format",
                      .expected = "a quote of version 3, 4 or 5",
                      .actual = error.message(),
                      .passed = false,
                      .source = "Intel TDX DCAP quoting library API, "
                                "appendix 3"}},
          .failure = error.message()};
}

Result<Verdict> Judge(const std::string& bytes,
                      const verify::TrustAnchor& anchor,
                      std::chrono::system_clock::time_point now) {
  auto quote = attest::ParseQuote(AsBytes(bytes));
  if (!quote.has_value()) {
    if (quote.error().reason() != Reason::kQuoteInvalid) {
      return std::move(quote).error();
    }
    return NotAQuote(quote.error());
  }
  const bool debug = IsDebug(*quote);
  ASSIGN_OR_RETURN(
      verify::Evaluation evaluation,
      verify::VerifyQuote(std::move(quote).value(), {anchor, now}));
  return Verdict{.checks = std::move(evaluation.checks),
                 .genuine = evaluation.genuine,
                 .failure = std::move(evaluation.failure),
                 .debug = debug};
}

std::string CheckJson(std::string_view name, std::string_view expected,
                      std::string_view actual, std::string_view verdict,
                      std::string_view source) {
  return JsonObject()
      .String("name", name)
      .String("expected", expected)
      .String("actual", actual)
      .String("verdict", verdict)
      .String("source", source)
      .Close();
}

constexpr std::string_view kNotChecked = "not checked";
constexpr std::string_view kCollateralName = "collateral";
constexpr std::string_view kCollateralSource = "--collateral none";

std::string ToJson(const Verdict& verdict) {
  JsonArray checks;
  for (const attest::Check& check : verdict.checks) {
    checks.Raw(CheckJson(check.name, check.expected, check.actual,
                         check.passed ? "passed" : "failed", check.source));
  }
  checks.Raw(
      CheckJson(kCollateralName, "", "", kNotChecked, kCollateralSource));
  JsonObject object;
  object.String("verdict", verdict.genuine ? "genuine" : "refused")
      .Null("tcb_status")
      .Null("tcb_date")
      .Raw("advisory_ids", "[]")
      .Null("qe_status")
      .Null("platform_status")
      .Null("module_status")
      .Boolean("debug", verdict.debug)
      .Null("earliest_expiry");
  if (verdict.genuine) {
    object.Null("reason").Null("message");
  } else {
    object.String("reason", InfoOf(Reason::kQuoteInvalid).slug)
        .String("message", verdict.failure);
  }
  return object.Raw("checks", checks.Close()).Close();
}

void PrintTable(const Verdict& verdict, const Console& console) {
  TextTable table = CheckTable(verdict.checks);
  table.Row({"-", std::string(kCollateralName),
             std::string(kNotChecked) + ": " + std::string(kCollateralSource)});
  console.out << table.Text() << "\n";
  if (!verdict.genuine) {
    console.out << "refused: " << OneLine(verdict.failure) << "\n";
  } else if (verdict.debug) {
    console.out << "genuine, but in debug mode: its host can read its memory; "
                   "TCB status and revocation were not checked\n";
  } else {
    console.out << "genuine: signed by a quoting enclave that the trust "
                   "anchor vouches for; TCB status and revocation were not "
                   "checked\n";
  }
}

Result<void> QuoteVerify(const Options& options, const Console& console) {
  if (options.collateral != "none") {
    return Error(Reason::kNotSupported,
                 "verification with collateral is not available yet; "
                 "'--collateral none' checks signatures and certificates");
  }
  ASSIGN_OR_RETURN(const auto now, TimeOf(options.at));
  ASSIGN_OR_RETURN(const verify::TrustAnchor anchor,
                   LoadAnchor(options.trust_anchor));
  ASSIGN_OR_RETURN(const std::string bytes, ReadQuoteFile(options.file));
  ASSIGN_OR_RETURN(const Verdict verdict, Judge(bytes, anchor, now));
  if (console.json()) {
    console.out << ToJson(verdict) << "\n";
  } else {
    PrintTable(verdict, console);
  }
  if (!verdict.genuine) {
    return Error(Reason::kQuoteInvalid,
                 "quote '" + options.file + "': " + verdict.failure);
  }
  return {};
}

}  // namespace

void AddQuoteVerify(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = commands.Add(
      "quote", "verify",
      "tell whether a quote is genuine; exit 0 when it is, 5 when not",
      [options](const Console& console) {
        return QuoteVerify(*options, console);
      });
  command.add_option("FILE", options->file, "quote")->required();
  command.add_option("--collateral", options->collateral,
                     "'none': signatures and certificates only");
  command.add_option("--trust-anchor", options->trust_anchor,
                     "root certificate, PEM (default: Intel SGX Root CA)");
  command.add_option("--at", options->at,
                     "time to judge at, RFC 3339 (default: now)");
}

}  // namespace tdxvfs::cli
