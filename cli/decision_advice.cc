// SPDX-License-Identifier: Apache-2.0
#include "cli/decision_advice.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "attest/verify/failure_class.h"
#include "cli/check_advice.h"
#include "common/error.h"

namespace tdxvfs::cli {
namespace {

struct Row {
  Reason reason;
  std::string_view sentence;
  std::string_view remedy;
};

// For the operator of the key server: the reason table's own hints speak to the
// guest's.
constexpr std::array<Row, 13> kRows = {{
    {Reason::kQuoteInvalid,
     "The guest could not prove that it runs on a genuine Intel TDX platform",
     "do not trust this guest"},
    {Reason::kBindingMismatch,
     "The guest's quote is genuine, but it was made for another exchange",
     "let the guest try again; if it stays so, somebody is in between"},
    {Reason::kEvidenceUnsupported,
     "The guest sent evidence of another kind than a TDX quote",
     "use a guest and an agent that make TDX quotes of version 4 or 5"},
    {Reason::kTcbOutOfDate,
     "The guest is the right one, but its platform is not up to date enough",
     "update the host's BIOS, microcode and TDX module, or accept the status "
     "in the policy's \"tcb\" for a while"},
    {Reason::kRefusedByPolicy,
     "The guest is genuine, but it is not one that the volume's policy accepts",
     "find out why the guest is another one before you change the policy"},
    {Reason::kHeaderUnknown,
     "The guest is accepted, but its image is no live version of the volume",
     "copy the current version of the image to the guest; 'tdxvfs key list' "
     "shows the versions, and 'tdxvfs key undelete' takes a deletion back"},
    {Reason::kServerOverloaded,
     "The guest is accepted, but the volume has had its releases of this "
     "minute",
     "nothing: the guest comes back by itself; if it stays so, see who asks "
     "('tdxvfs key list NAME --guests') or raise volume_per_minute in "
     "keyserver.toml"},
    {Reason::kNonceExpired,
     "The guest took longer for its quote than the server waits",
     "look at the host's quote generation service"},
    {Reason::kDeadlineExceeded,
     "The guest stopped talking in the middle of the exchange",
     "look at the guest's log and at the network"},
    {Reason::kCollateralUnavailable,
     "The key server had no valid collateral to judge the platform by",
     "see the key server's log: its collateral service cannot be reached, or "
     "what it gives does not hold or is out of date (docs/runbook.md, "
     "\"Collateral\")"},
    {Reason::kRequestInvalid,
     "The guest's message does not follow the protocol",
     "compare the agent's version with the server's"},
    {Reason::kAuditUnavailable, "The key server could not record the decision",
     "make room on the audit log's disk"},
    {Reason::kInternal, "Something of the key server's own went wrong",
     "look at its log by the audit id, and at its store"},
}};

// Where the volume itself is the matter and not the guest: words of the
// record's detail, and what its administrator does.
struct VolumeRow {
  std::string_view words;
  std::string_view remedy;
};

constexpr std::array<VolumeRow, 7> kVolumeRows = {{
    {"the volume is unknown",
     "if this guest should have it, register the volume ('tdxvfs volume pack "
     "--register', 'tdxvfs key put'); else the guest's configuration names "
     "another one"},
    {"the volume is disabled",
     "'tdxvfs key enable' lets guests have it again, if they should"},
    {"the volume has no policy",
     "'tdxvfs policy put' says which guests get its key"},
    {" is not released before ",
     "wait, or set another beginning with 'tdxvfs key limit'"},
    {" is not released after ",
     "set another end with 'tdxvfs key limit', or register a new version and "
     "copy its image to the guest"},
    {" has had its ",
     "find out who has had them ('tdxvfs key list NAME --guests'); 'tdxvfs key "
     "limit' allows more"},
    {"\"allow_imported\": true",
     "pack the volume with 'tdxvfs volume pack', or say so in its policy"},
}};

constexpr std::string_view kVolumeSentence =
    "The guest is genuine, but the key of this volume is not released";

const VolumeRow* VolumeRowOf(std::string_view detail) {
  const auto* const row =
      std::ranges::find_if(kVolumeRows, [&](const VolumeRow& each) {
        return detail.find(each.words) != std::string_view::npos;
      });
  return row == kVolumeRows.end() ? nullptr : row;
}

// The policy was not asked, so nobody knows whether the guest is the right one.
constexpr Row kNotSupported = {
    Reason::kTcbOutOfDate,
    "The guest's platform reaches no level that Intel lists for it",
    "update the host's BIOS, microcode and TDX module"};

const Row* RowOf(std::string_view slug, std::string_view failure) {
  if (failure ==
      verify::FailureClassName(verify::FailureClass::kTcbNotSupported)) {
    return &kNotSupported;
  }
  const auto* const row = std::ranges::find_if(
      kRows, [&](const Row& each) { return InfoOf(each.reason).slug == slug; });
  return row == kRows.end() ? nullptr : row;
}

// What the reason table tells everybody, where the rows above say nothing.
std::string_view HintOf(std::string_view slug) {
  const auto reason = ReasonFromSlug(slug);
  return reason.has_value() ? InfoOf(*reason).hint : std::string_view();
}

std::string FailedNames(const attest::Checks& checks) {
  std::string names;
  for (const attest::Check& check : checks) {
    if (!check.passed) {
      names += (names.empty() ? "" : ", ") + check.name;
    }
  }
  return names;
}

// How the server's own word begins in the place of a guest's outcome.
constexpr std::string_view kNotSent = "not sent: ";

bool WasNotSent(const std::vector<JsonLeaf>& record) {
  return LeafAt(record, "outcome.detail").starts_with(kNotSent);
}

DecisionAdvice ReleaseAdvice(const std::vector<JsonLeaf>& record) {
  const std::string result = LeafAt(record, "outcome.result");
  const std::string reason = LeafAt(record, "outcome.reason");
  const std::string released =
      "Every check held and the key was released; the guest ";
  if (result == "opened") {
    return {released + "opened the volume.", ""};
  }
  if (WasNotSent(record)) {
    return {
        "Every check held, but the key server could not hand the key over: "
        "nothing was released (" +
            LeafAt(record, "outcome.detail").substr(kNotSent.size()) + ").",
        std::string(HintOf(reason))};
  }
  if (result == "failed") {
    return {released + "could not open the volume: " + reason + ".",
            "see the guest's log by the audit id"};
  }
  return {released + "did not say what became of it.",
          result.empty() ? "it may still say so; else see the guest's log"
                         : "see the guest's log by the audit id"};
}

std::string_view FirstToDo(const attest::Checks& checks) {
  for (const attest::Check& check : checks) {
    const std::string_view to_do = check.passed ? "" : AdviceFor(check).to_do;
    if (!to_do.empty()) {
      return to_do;
    }
  }
  return {};
}

constexpr std::string_view kStatusCheck = "tcb status";
constexpr std::string_view kUpToDate = "UpToDate";
constexpr std::string_view kRevoked = "Revoked";
constexpr std::string_view kRevokedSentence =
    "The guest is the right one, but Intel revoked what its platform runs";
constexpr std::string_view kUpToDateSentence =
    "The guest is the right one and its platform is up to date, but the policy "
    "accepts only platforms that are not";
// What Intel says, as the server has it, is the matter and not the guest.
constexpr std::string_view kOldDocumentsSentence =
    "The guest is the right one, but what the key server has of Intel's "
    "documents about its platform is older than the policy asks";
constexpr std::string_view kWithdrawn = ": revoked by the root CA";
constexpr std::string_view kWithdrawnRemedy =
    "do not trust what that certificate vouches for: Intel withdrew it. Once "
    "Intel gives documents under another one, the key server fetches them by "
    "itself";
constexpr std::string_view kOrAccept =
    "; the policy's \"tcb\" can accept the status, also for a while";

// The status of a platform that the policy refuses, or nothing.
const attest::Check* RefusedStatus(const attest::Checks& checks) {
  const auto found = std::ranges::find_if(checks, [](const auto& check) {
    return !check.passed && check.name == kStatusCheck;
  });
  return found == checks.end() ? nullptr : &*found;
}

// Whether one of these two failed and nothing else did.
bool OnlyFailed(const attest::Checks& checks, std::string_view one,
                std::string_view other) {
  bool failed = false;
  for (const attest::Check& check : checks) {
    if (!check.passed && check.name != one && check.name != other) {
      return false;
    }
    failed = failed || !check.passed;
  }
  return failed;
}

// Whether only the policy's demands beside the status failed: then the remedy
// on record, which is about the status, mends nothing.
bool OnlyBesideStatus(const attest::Checks& checks) {
  return OnlyFailed(checks, "tcb date", "tcb advisories");
}

bool OnlyDocumentsAreOld(const attest::Checks& checks) {
  return OnlyFailed(checks, "collateral age", "tcb evaluation number");
}

bool MayBeAccepted(const attest::Check* status) {
  return status != nullptr && status->actual != kRevoked;
}

// What the reason alone does not say; empty when there is nothing to add.
std::string_view BetterSentence(const VolumeRow* volume,
                                const attest::Checks& checks, bool by_policy) {
  if (volume != nullptr) {
    return kVolumeSentence;
  }
  if (by_policy && OnlyDocumentsAreOld(checks)) {
    return kOldDocumentsSentence;
  }
  const attest::Check* const status = RefusedStatus(checks);
  if (status == nullptr) {
    return {};
  }
  if (status->actual == kUpToDate) {
    return kUpToDateSentence;
  }
  return status->actual == kRevoked && !by_policy ? kRevokedSentence
                                                  : std::string_view();
}

}  // namespace

std::string DecisionText(const std::vector<JsonLeaf>& record) {
  if (LeafAt(record, "kind") != "release") {
    return "refused: " + LeafAt(record, "reason");
  }
  return WasNotSent(record)
             ? "not sent, though recorded: " + LeafAt(record, "outcome.reason")
             : "released";
}

DecisionAdvice AdviceFor(const std::vector<JsonLeaf>& record,
                         const attest::Checks& checks) {
  if (LeafAt(record, "kind") == "release") {
    return ReleaseAdvice(record);
  }
  const std::string slug = LeafAt(record, "reason");
  const Row* const row = RowOf(slug, LeafAt(record, "failure"));
  DecisionAdvice advice{
      row == nullptr ? "The guest was refused: " + slug
                     : std::string(row->sentence),
      std::string(row == nullptr ? HintOf(slug) : row->remedy)};
  const std::string differing = FailedNames(checks);
  const std::string detail = LeafAt(record, "detail");
  const bool by_policy = slug == InfoOf(Reason::kRefusedByPolicy).slug;
  const VolumeRow* const volume =
      by_policy && differing.empty() ? VolumeRowOf(detail) : nullptr;
  const std::string_view better = BetterSentence(volume, checks, by_policy);
  if (!better.empty()) {
    advice.sentence = better;
  }
  if (!differing.empty()) {
    advice.sentence += " (" + differing + ")";
  } else if (!detail.empty()) {
    advice.sentence += " (" + detail + ")";
  }
  advice.sentence += ".";
  const std::string recorded = LeafAt(record, "remedy");
  const std::string_view first = FirstToDo(checks);
  if (!recorded.empty() && !by_policy && !OnlyBesideStatus(checks)) {
    advice.remedy = recorded;
    // No policy can accept what Intel revoked.
    advice.remedy += MayBeAccepted(RefusedStatus(checks)) ? kOrAccept : "";
  } else if (!first.empty()) {
    advice.remedy = first;
  } else if (volume != nullptr) {
    advice.remedy = volume->remedy;
  } else if (detail.find(kWithdrawn) != std::string::npos) {
    advice.remedy = kWithdrawnRemedy;
  }
  return advice;
}

}  // namespace tdxvfs::cli
