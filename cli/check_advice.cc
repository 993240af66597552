// SPDX-License-Identifier: Apache-2.0
#include "cli/check_advice.h"

#include <algorithm>
#include <array>

namespace tdxvfs::cli {
namespace {

constexpr std::string_view kNewValue =
    "if you changed it, compute the new value (docs/guest-image.md) and add it "
    "to the policy; if nobody did, do not trust this guest";
constexpr std::string_view kOtherStart =
    "let whoever starts the guest set what the policy allows, or add the value "
    "to the policy";
constexpr std::string_view kOtherBits =
    "let whoever starts the guest set what the policy allows, or allow it in "
    "the policy's \"td_attributes\" or \"xfam\" (docs/policy.schema.json says "
    "which bits can be)";
constexpr std::string_view kBelowEveryLevel =
    "update the host's BIOS, microcode and TDX module; no policy can accept a "
    "platform below every level that Intel supports";
constexpr std::string_view kUnknownModule =
    "let the key server fetch newer collateral; if Intel still does not list "
    "the module, the host needs another one";
constexpr std::string_view kUpdateHost =
    "update what is behind on the host (BIOS, microcode, TDX module or quoting "
    "enclave), or accept the status in the policy's \"tcb\" for a while";

struct Row {
  std::string_view prefix;
  CheckAdvice advice;
};

// The first row whose prefix fits counts.
constexpr std::array<Row, 53> kRows = {{
    {"mr_td", {"the guest's firmware (its virtual BIOS)", kNewValue}},
    {"rtmr0",
     {"firmware settings and the virtual machine's hardware: CPUs, memory, "
      "devices, ACPI tables",
      "compare how the host starts the guest with how it did before; if you "
      "changed it, compute the new value (docs/guest-image.md) and add it to "
      "the policy; if nobody did, do not trust this guest"}},
    {"rtmr1", {"the guest's boot loader and kernel", kNewValue}},
    {"rtmr2", {"the guest's kernel command line and initrd", kNewValue}},
    {"rtmr3", {"what programs in the guest measured while it ran", kNewValue}},
    {"mr_seam",
     {"the host's TDX module",
      "if the host updated its TDX module, add the new value to the policy, or "
      "leave mr_seam out and let the TCB status judge the module"}},
    {"mr_config_id",
     {"a value that whoever starts the guest sets", kOtherStart}},
    {"mr_owner",
     {"the owner that whoever starts the guest names", kOtherStart}},
    {"mr_service_td",
     {"another guest that may act on this one, for migration", kOtherStart}},
    {"config_digest",
     {"the volume's configuration in the guest (/etc/tdxvfs)",
      "compare it with 'tdxvfs-agent config-digest NAME' in the guest; if you "
      "changed it, put the new digest into the policy"}},
    {"td_attributes DEBUG",
     {"a debug guest, whose memory its host can read",
      "start the guest without debug; no policy can allow it"}},
    {"td_attributes reserved",
     {"attributes that this version does not know",
      "do not trust this guest; no policy can allow them"}},
    {"td_attributes", {"how the guest was started", kOtherBits}},
    {"xfam reserved",
     {"CPU features that this version does not know",
      "start the guest without them; no policy can allow them"}},
    {"xfam", {"CPU features that the guest may use", kOtherBits}},
    {"seam_attributes",
     {"how the host's TDX module runs",
      "do not trust this platform: its TDX module is not a production one"}},
    {"tcb status",
     {"how up to date the platform is, by Intel's word", kUpdateHost}},
    {"tcb date",
     {"how old the platform's level is",
      "update the host's BIOS, microcode and TDX module, or set an earlier "
      "\"minimum_tcb_date\" in the policy"}},
    {"tcb advisories",
     {"Intel's security advisories that the platform is open to",
      "read them: update the host where that mends them (not what is for the "
      "guest's software or BIOS settings), or add them to the policy's list"}},
    {"tcb evaluation number",
     {"how new Intel's documents about such platforms are",
      "let the key server fetch newer collateral (a caching service may be "
      "behind), or ask for less in the policy"}},
    {"collateral age",
     {"how old Intel's documents about such platforms are",
      "let the key server fetch newer collateral and see its log, or allow "
      "more days in the policy"}},
    {"platform TCB level",
     {"how up to date the machine's CPU is, by Intel's word",
      kBelowEveryLevel}},
    {"TDX module TCB level",
     {"how up to date the host's TDX module is, by Intel's word",
      kBelowEveryLevel}},
    {"TDX module version", {"which TDX module the host has", kUnknownModule}},
    {"running TDX module version",
     {"which TDX module runs on the host by now", kUnknownModule}},
    {"QE TCB level",
     {"how up to date the host's quoting enclave is, by Intel's word",
      "update the host's quote generation service (Intel's DCAP packages)"}},
    {"running ",
     {"how up to date what runs on the host by now is, by Intel's word",
      kBelowEveryLevel}},
    {"platform ",
     {"which machine, or kind of machine, the guest runs on",
      "if the guest was moved on purpose, add the platform to the policy"}},
    {"event log",
     {"the guest's event log",
      "take quote and event log from the same boot of the guest"}},
    {"event", {"one step of the guest's boot", kNewValue}},
    {"report_data",
     {"whether the quote was made for this exchange",
      "let the guest try again; if it stays so, somebody plays a quote of "
      "another exchange"}},
    {"server certificate",
     {"the certificate that the guest saw",
      "check that nothing ends TLS between the guest and this key server, and "
      "that the guest speaks to this server"}},
    {"collateral signatures",
     {"whether Intel signed the documents about the platform: its list of "
      "levels (TCB info), its description of the quoting enclave (QE "
      "identity), its lists of withdrawn certificates (CRLs)",
      "let the key server fetch collateral; see its log"}},
    {"collateral dates",
     {"whether Intel's documents about the platform are in date",
      "let the key server fetch collateral; see its log"}},
    {"collateral",
     {"Intel's documents about the platform",
      "let the key server fetch collateral; see its log"}},
    {"revocation",
     {"whether Intel withdrew the platform's certificate",
      "do not trust this platform"}},
    {"quote format", {"whether the bytes are a whole quote, part by part", ""}},
    {"certification data",
     {"the certificates by which the quote names the machine that made it",
      ""}},
    {"PCK chain dates", {"whether the machine's certificates are in date", ""}},
    {"PCK chain",
     {"the machine's certificate (PCK) and those above it, up to the root that "
      "is trusted",
      ""}},
    {"PCK certificate for this",
     {"whether the certificate that was looked up is this machine's", ""}},
    {"QE report signature",
     {"whether the machine vouches for its quoting enclave (QE), the program "
      "that signs quotes",
      ""}},
    {"attestation key binding",
     {"whether the quoting enclave (QE) vouches for the key that signed the "
      "quote",
      ""}},
    {"attestation key", {"the key that signed the quote", ""}},
    {"QE debug flag",
     {"whether the host can read the quoting enclave (QE) and so its key", ""}},
    {"quote signature",
     {"whether the quote is as it was when it was signed", ""}},
    {"TCB info for this",
     {"whether Intel's list of levels (TCB info) is the one for this kind of "
      "machine",
      ""}},
    {"QE identity for this",
     {"whether Intel's description of the quoting enclave (QE identity) is "
      "the one for this kind of guest",
      ""}},
    {"QE ", {"whether Intel made the quoting enclave (QE)", ""}},
    {"MRSIGNERSEAM", {"whether Intel made the host's TDX module", ""}},
    {"SEAMATTRIBUTES",
     {"how the host's TDX module runs: production ones have all zeroes", ""}},
    {"TCB status",
     {"how up to date the machine is as a whole, by Intel's word", ""}},
    {"files to judge", {"whether there is anything to judge", ""}},
}};

constexpr std::string_view kRelaunch =
    "stop the guest and start it anew, since its host was updated, or accept "
    "the status in the policy's \"tcb\"";

// What a check that failed found, where that changes what to do.
struct FoundRow {
  std::string_view prefix;
  std::string_view actual;
  std::string_view to_do;
};

constexpr std::array<FoundRow, 9> kFoundRows = {{
    {"", "not known without collateral",
     "let the key server use collateral (\"collateral\" in keyserver.toml), or "
     "take this rule out of the policy"},
    {"event", "the guest sent no event log",
     "start a guest whose firmware and kernel keep an event log, or take "
     "\"events\" out of the policy"},
    {"tcb status", "UpToDate",
     "add UpToDate to \"accept\" in the policy's \"tcb\": this platform is up "
     "to "
     "date, and the policy accepts only others"},
    {"tcb status", "Revoked",
     "do not trust this platform as it is: Intel revoked what runs on it; only "
     "an update of the host mends that, and no policy can accept it"},
    {"tcb status", "SWHardeningNeeded",
     "harden the guest's own software against the advisories, which no update "
     "of the host does, then accept the status in the policy's \"tcb\""},
    {"tcb status", "ConfigurationNeeded",
     "change the host's BIOS settings as the advisories say, or accept the "
     "status in the policy's \"tcb\""},
    {"tcb status", "ConfigurationAndSWHardeningNeeded",
     "change the host's BIOS settings and harden the guest's own software as "
     "the advisories say, then accept the status in the policy's \"tcb\""},
    {"tcb status", "TDRelaunchAdvised", kRelaunch},
    {"tcb status", "TDRelaunchAdvisedConfigurationNeeded", kRelaunch},
}};

}  // namespace

CheckAdvice AdviceFor(std::string_view check) {
  const auto* const row = std::ranges::find_if(
      kRows, [&](const Row& each) { return check.starts_with(each.prefix); });
  return row == kRows.end()
             ? CheckAdvice{"part of the proof that the quote is genuine", ""}
             : row->advice;
}

CheckAdvice AdviceFor(const attest::Check& check) {
  CheckAdvice advice = AdviceFor(std::string_view(check.name));
  const auto* const row =
      std::ranges::find_if(kFoundRows, [&](const FoundRow& each) {
        return check.name.starts_with(each.prefix) &&
               check.actual == each.actual;
      });
  if (!check.passed && row != kFoundRows.end()) {
    advice.to_do = row->to_do;
  }
  return advice;
}

}  // namespace tdxvfs::cli
