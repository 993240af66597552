// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/platform_level.h"

#include <algorithm>
#include <array>

namespace tdxvfs::verify {
namespace {

// What Intel's TCB info documents call a component, and who updates it. The
// names are the same in every document; the others have none.
struct Component {
  std::string_view name;
  std::string_view remedy;
};

constexpr std::string_view kFirmware =
    "update the platform's firmware (BIOS) and restart the host";
constexpr std::string_view kMicrocode = "let the host load newer CPU microcode";
constexpr std::string_view kSinit =
    "update the SINIT module that the host or its firmware carries";
constexpr std::string_view kSeamLoader =
    "update the host's TDX loader (SEAMLDR)";
constexpr std::string_view kModule = "update the host's TDX module";
constexpr std::string_view kOther =
    "update the platform's firmware and the host's system software";
constexpr std::string_view kPce =
    "update the provisioning enclave (PCE) on the host and fetch its PCK "
    "certificates anew";

constexpr std::array<Component, 16> kSgxComponents = {{
    {"BIOS, early microcode update", kFirmware},
    {"OS, SGX late microcode update", kMicrocode},
    {"OS, TXT SINIT", kSinit},
    {"BIOS", kFirmware},
    {"BIOS", kFirmware},
    {"BIOS", kFirmware},
    {"", kOther},
    {"OS, SEAMLDR ACM", kSeamLoader},
    {"", kOther},
    {"", kOther},
    {"", kOther},
    {"", kOther},
    {"", kOther},
    {"", kOther},
    {"", kOther},
    {"", kOther},
}};

constexpr std::array<Component, 16> kTdxComponents = {{
    {"OS, TDX module", kModule},
    {"OS, TDX module", kModule},
    {"OS, TDX late microcode update", kMicrocode},
    {"", kOther},
    {"", kOther},
    {"", kOther},
    {"", kOther},
    {"", kOther},
    {"", kOther},
    {"", kOther},
    {"", kOther},
    {"", kOther},
    {"", kOther},
    {"", kOther},
    {"", kOther},
    {"", kOther},
}};

// The first entry of TEE_TCB_SVN that the platform's level judges.
std::size_t FirstTdxComponent(const attest::ByteArray<16>& tee_tcb_svn) {
  return HasModuleVersion(tee_tcb_svn) ? 2 : 0;
}

bool AllReach(const attest::ByteArray<16>& actual,
              const attest::ByteArray<16>& demanded, std::size_t first) {
  for (std::size_t i = first; i < actual.size(); ++i) {
    if (actual.at(i) < demanded.at(i)) {
      return false;
    }
  }
  return true;
}

bool Reaches(const PlatformSvns& svns, const PlatformTcbLevel& level) {
  return AllReach(svns.sgx_components, level.sgx_components, 0) &&
         svns.pce_svn >= level.pce_svn &&
         (!svns.tee_tcb_svn.has_value() ||
          AllReach(*svns.tee_tcb_svn, level.tdx_components,
                   FirstTdxComponent(*svns.tee_tcb_svn)));
}

std::string BelowText(std::string what, std::uint32_t actual,
                      std::uint32_t demanded) {
  return std::move(what) + " " + std::to_string(actual) + " is below " +
         std::to_string(demanded);
}

void AddComponents(std::string_view tee,
                   const std::array<Component, 16>& components,
                   const attest::ByteArray<16>& actual,
                   const attest::ByteArray<16>& demanded, std::size_t first,
                   std::vector<Shortfall>& shortfalls) {
  for (std::size_t i = first; i < actual.size(); ++i) {
    if (actual.at(i) >= demanded.at(i)) {
      continue;
    }
    const Component& component = components.at(i);
    std::string what =
        std::string(tee) + " TCB component " + std::to_string(i + 1);
    if (!component.name.empty()) {
      what += " (" + std::string(component.name) + ")";
    }
    shortfalls.push_back(
        {BelowText(what + " SVN", actual.at(i), demanded.at(i)),
         component.remedy});
  }
}

}  // namespace

PlatformSvns SvnsOf(const PckPlatform& platform,
                    const std::optional<attest::ByteArray<16>>& tee_tcb_svn) {
  return {.sgx_components = platform.tcb_components,
          .pce_svn = platform.pce_svn,
          .tee_tcb_svn = tee_tcb_svn};
}

const PlatformTcbLevel* FindPlatformLevel(
    const std::vector<PlatformTcbLevel>& levels, const PlatformSvns& svns) {
  const auto found = std::find_if(
      levels.begin(), levels.end(),
      [&](const PlatformTcbLevel& level) { return Reaches(svns, level); });
  return found == levels.end() ? nullptr : &*found;
}

std::vector<Shortfall> ShortfallsOf(const PlatformTcbLevel& level,
                                    const PlatformSvns& svns) {
  std::vector<Shortfall> shortfalls;
  AddComponents("SGX", kSgxComponents, svns.sgx_components,
                level.sgx_components, 0, shortfalls);
  if (svns.pce_svn < level.pce_svn) {
    shortfalls.push_back(
        {BelowText("PCE SVN", svns.pce_svn, level.pce_svn), kPce});
  }
  if (svns.tee_tcb_svn.has_value()) {
    AddComponents("TDX", kTdxComponents, *svns.tee_tcb_svn,
                  level.tdx_components, FirstTdxComponent(*svns.tee_tcb_svn),
                  shortfalls);
  }
  return shortfalls;
}

std::string JoinTexts(const std::vector<Shortfall>& shortfalls) {
  std::string text;
  for (const Shortfall& shortfall : shortfalls) {
    text += (text.empty() ? "" : "; ") + shortfall.text;
  }
  return text;
}

std::string JoinRemedies(const std::vector<Shortfall>& shortfalls) {
  std::string text;
  std::vector<std::string_view> told;
  for (const Shortfall& shortfall : shortfalls) {
    if (std::find(told.begin(), told.end(), shortfall.remedy) == told.end()) {
      told.push_back(shortfall.remedy);
      text += (text.empty() ? "" : ", ") + std::string(shortfall.remedy);
    }
  }
  return text;
}

}  // namespace tdxvfs::verify
