// SPDX-License-Identifier: Apache-2.0
#include "simulator/tcb_info_spec.h"

#include <array>
#include <span>
#include <utility>

#include "common/json_text.h"

namespace tdxvfs::simulator {
namespace {

using std::chrono::hours;

// What the components are, as Intel names them: category and type.
struct ComponentName {
  const char* category;
  const char* type;
};
constexpr std::array<ComponentName, 8> kSgxNames = {
    {{"BIOS", "Early Microcode Update"},
     {"OS/VMM", "SGX Late Microcode Update"},
     {"OS/VMM", "TXT SINIT"},
     {"BIOS", nullptr},
     {"BIOS", nullptr},
     {"BIOS", nullptr},
     {nullptr, nullptr},
     {"OS/VMM", "SEAMLDR ACM"}}};
constexpr std::array<ComponentName, 3> kTdxNames = {
    {{"OS/VMM", "TDX Module"},
     {"OS/VMM", "TDX Module"},
     {"OS/VMM", "TDX Late Microcode Update"}}};

std::string ComponentsJson(const attest::ByteArray<16>& svns,
                           std::span<const ComponentName> names) {
  JsonArray components;
  for (std::size_t i = 0; i < svns.size(); ++i) {
    JsonObject component;
    component.Number("svn", svns.at(i));
    if (i < names.size() && names[i].category != nullptr) {
      component.String("category", names[i].category);
    }
    if (i < names.size() && names[i].type != nullptr) {
      component.String("type", names[i].type);
    }
    components.Raw(component.Close());
  }
  return components.Close();
}

std::string LevelJson(const std::string& tcb, const OutcomeSpec& outcome) {
  JsonObject level;
  level.Raw("tcb", tcb)
      .String("tcbDate", outcome.date)
      .String("tcbStatus", outcome.status);
  if (!outcome.advisory_ids.empty()) {
    JsonArray advisories;
    for (const std::string& id : outcome.advisory_ids) {
      advisories.String(id);
    }
    level.Raw("advisoryIDs", advisories.Close());
  }
  return level.Close();
}

// Version 2 spells each component as a member of its own.
void AddNumberedComponents(JsonObject& tcb,
                           const attest::ByteArray<16>& components) {
  int number = 1;
  for (const std::uint8_t svn : components) {
    const std::string digits = std::to_string(number);
    tcb.Number(
        "sgxtcbcomp" + std::string(2 - digits.size(), '0') + digits + "svn",
        svn);
    ++number;
  }
}

std::string PlatformLevelJson(const TcbInfoSpec& spec,
                              const PlatformLevelSpec& level) {
  JsonObject tcb;
  if (spec.version < 3) {
    AddNumberedComponents(tcb, level.sgx_components);
  } else {
    tcb.Raw("sgxtcbcomponents",
            ComponentsJson(level.sgx_components, kSgxNames));
  }
  tcb.Number("pcesvn", level.pce_svn);
  if (spec.tee == attest::Tee::kTdx) {
    tcb.Raw("tdxtcbcomponents",
            ComponentsJson(level.tdx_components, kTdxNames));
  }
  return LevelJson(tcb.Close(), level.outcome);
}

void AddModule(JsonObject& object, const TdxModuleSpec& module) {
  object.String("mrsigner", UpperHex(module.mr_signer))
      .String("attributes", UpperHex(module.attributes))
      .String("attributesMask", UpperHex(module.attributes_mask));
}

std::string IdentitiesJson(
    const std::vector<TdxModuleIdentitySpec>& identities) {
  JsonArray array;
  for (const TdxModuleIdentitySpec& identity : identities) {
    JsonObject object;
    object.String("id", identity.id);
    AddModule(object, identity.module);
    object.Raw("tcbLevels", IsvLevelsJson(identity.levels));
    array.Raw(object.Close());
  }
  return array.Close();
}

std::string TcbInfoJson(const TcbInfoSpec& spec) {
  JsonObject info;
  if (spec.version >= 3) {
    info.String("id", spec.tee == attest::Tee::kTdx ? "TDX" : "SGX");
  }
  info.Number("version", spec.version)
      .String("issueDate", DocumentTime(spec.issue_date))
      .String("nextUpdate", DocumentTime(spec.next_update))
      .String("fmspc", UpperHex(spec.fmspc))
      .String("pceId", UpperHex(spec.pce_id))
      .Number("tcbType", spec.tcb_type)
      .Number("tcbEvaluationDataNumber", spec.evaluation_number);
  if (spec.tdx_module.has_value()) {
    JsonObject module;
    AddModule(module, *spec.tdx_module);
    info.Raw("tdxModule", module.Close());
  }
  if (!spec.tdx_module_identities.empty()) {
    info.Raw("tdxModuleIdentities", IdentitiesJson(spec.tdx_module_identities));
  }
  JsonArray levels;
  for (const PlatformLevelSpec& level : spec.levels) {
    levels.Raw(PlatformLevelJson(spec, level));
  }
  return info.Raw("tcbLevels", levels.Close()).Close();
}

std::vector<TdxModuleIdentitySpec> GoodModuleIdentities() {
  const OutcomeSpec good;
  const OutcomeSpec old = {
      "2024-03-13T00:00:00Z", "OutOfDate", {"INTEL-SA-01036"}};
  return {{"TDX_03", {}, {{5, good}, {3, old}}},
          {"TDX_01", {}, {{7, good}, {4, old}}}};
}

}  // namespace

std::string IsvLevelsJson(const std::vector<IsvLevelSpec>& levels) {
  JsonArray array;
  for (const IsvLevelSpec& level : levels) {
    array.Raw(LevelJson(JsonObject().Number("isvsvn", level.isv_svn).Close(),
                        level.outcome));
  }
  return array.Close();
}

TcbInfoSpec GoodTcbInfoSpec(attest::Tee tee, const Platform& platform,
                            std::chrono::system_clock::time_point now) {
  TcbInfoSpec spec;
  spec.tee = tee;
  spec.issue_date = now - hours(24);
  spec.next_update = now + hours(24 * 29);
  spec.fmspc = platform.fmspc;
  spec.pce_id = platform.pce_id;
  PlatformLevelSpec level;
  level.sgx_components = platform.tcb_components;
  level.pce_svn = platform.pce_svn;
  if (tee == attest::Tee::kTdx) {
    spec.tdx_module.emplace();
    spec.tdx_module_identities = GoodModuleIdentities();
    level.tdx_components = {5, 0, 3};
  }
  spec.levels.push_back(level);
  const auto one_less = [](std::uint8_t svn) {
    return static_cast<std::uint8_t>(svn == 0 ? 0 : svn - 1);
  };
  level.sgx_components[0] = one_less(level.sgx_components[0]);
  level.sgx_components[1] = one_less(level.sgx_components[1]);
  level.tdx_components[2] = one_less(level.tdx_components[2]);
  level.outcome = {"2024-03-13T00:00:00Z",
                   "OutOfDate",
                   {"INTEL-SA-01036", "INTEL-SA-01079"}};
  spec.levels.push_back(level);
  level.pce_svn = 5;
  level.outcome.date = "2018-01-04T00:00:00Z";
  level.outcome.advisory_ids.insert(level.outcome.advisory_ids.begin(),
                                    "INTEL-SA-00106");
  spec.levels.push_back(level);
  return spec;
}

Result<std::string> MakeTcbInfo(const TcbInfoSpec& spec, EVP_PKEY* key) {
  return SignDocument("tcbInfo", TcbInfoJson(spec), spec.signing, key);
}

}  // namespace tdxvfs::simulator
