// SPDX-License-Identifier: Apache-2.0
// A document that is signed and well-formed, but breaks a rule of its kind.
#include <utility>

#include "tests/unit/attest/mutants.h"

namespace tdxvfs::testing {
namespace {

using simulator::CollateralSpec;
using simulator::QeIdentitySpec;
using simulator::TcbInfoSpec;

const std::vector<std::string>& WrongTimes() {
  static const std::vector<std::string> times = {"2026-13-01T00:00:00Z",
                                                 "2026-00-01T00:00:00Z",
                                                 "2026-02-30T00:00:00Z",
                                                 "2026-02-29T00:00:00Z",
                                                 "2026-04-31T00:00:00Z",
                                                 "2026-11-00T00:00:00Z",
                                                 "2026-11-20T24:00:00Z",
                                                 "2026-11-20T00:60:00Z",
                                                 "2026-11-20T00:00:60Z",
                                                 "2026-11-20T00:00:00z",
                                                 "2026-11-20t00:00:00Z",
                                                 "2026-11-20 00:00:00Z",
                                                 "2026-11-20T00:00:00",
                                                 "2026-11-20T00:00:00.0Z",
                                                 "2026-11-20T00:00:00+00:00",
                                                 "2026-11-20T00:00Z",
                                                 "2026-11-20",
                                                 "26-11-20T00:00:00Z",
                                                 "02026-11-20T00:00:00Z",
                                                 "+2026-11-20T00:00:0Z",
                                                 "2026-1 -20T00:00:00Z",
                                                 "2026-11-20T00:00:0-Z",
                                                 "1795132800"};
  return times;
}

// Rows of TCB info (for TDX) and of QE identity.
class RuleRows {
 public:
  void Info(const std::string& name,
            const std::function<void(TcbInfoSpec&)>& change,
            const std::string& failure = "tcb-info-format") {
    rows.push_back(
        CollateralMutant("TcbInfo" + name, failure,
                         [&](CollateralSpec& spec) { change(spec.tcb_info); }));
  }
  void InfoEdit(const std::string& name, const std::string& from,
                const std::string& to) {
    Info(name, [&](TcbInfoSpec& info) {
      info.signing.before_signing = {{from, to}};
    });
  }
  void Identity(const std::string& name,
                const std::function<void(QeIdentitySpec&)>& change) {
    rows.push_back(CollateralMutant(
        "QeIdentity" + name, "qe-identity-format",
        [&](CollateralSpec& spec) { change(spec.qe_identity); }));
  }
  void IdentityEdit(const std::string& name, const std::string& from,
                    const std::string& to) {
    Identity(name, [&](QeIdentitySpec& identity) {
      identity.signing.before_signing = {{from, to}};
    });
  }
  Mutants rows;
};

void AddTimes(RuleRows& add) {
  for (const std::string& time : WrongTimes()) {
    const std::string date = "2025-08-13T00:00:00Z";
    add.InfoEdit("Issued" + time, "2026-11-20T00:00:00Z", time);
    add.InfoEdit("NextUpdate" + time, "2026-12-20T00:00:00Z", time);
    add.InfoEdit("LevelOf" + time, date, time);
    add.IdentityEdit("Issued" + time, "2026-11-20T00:00:00Z", time);
    add.IdentityEdit("NextUpdate" + time, "2026-12-20T00:00:00Z", time);
    add.IdentityEdit("LevelOf" + time, date, time);
  }
}

void AddStatuses(RuleRows& add) {
  for (const std::string word :
       {"", "uptodate", "UpToDate ", "UpToDat", "Uptodate", "TDRelaunchAdvised",
        "TDRelaunchAdvisedConfigurationNeeded", "NotSupported", "Unknown"}) {
    add.Info("Status'" + word + "'",
             [&](TcbInfoSpec& info) { info.levels[0].outcome.status = word; });
  }
  // A level that nobody reaches counts as much.
  add.Info("StatusOfLastLevel", [](TcbInfoSpec& info) {
    info.levels.back().outcome.status = "Old";
  });
  // Modules and enclaves are up to date, out of date or revoked.
  for (const std::string word :
       {"SWHardeningNeeded", "ConfigurationNeeded",
        "ConfigurationAndSWHardeningNeeded", "OutOfDateConfigurationNeeded",
        "Unknown", ""}) {
    add.Info("ModuleStatus'" + word + "'", [&](TcbInfoSpec& info) {
      info.tdx_module_identities[1].levels[0].outcome.status = word;
    });
    add.Identity("Status'" + word + "'", [&](QeIdentitySpec& identity) {
      identity.levels[0].outcome.status = word;
    });
  }
}

void AddVersions(RuleRows& add) {
  for (const unsigned version : {0U, 1U, 4U, 5U, 0xffffffffU}) {
    add.InfoEdit("Version" + std::to_string(version), "\"version\":3",
                 "\"version\":" + std::to_string(version));
  }
  for (const unsigned version : {0U, 1U, 3U, 0xffffffffU}) {
    add.Identity("Version" + std::to_string(version),
                 [&](QeIdentitySpec& identity) { identity.version = version; });
  }
  add.Info("Version2OfTdx", [](TcbInfoSpec& info) { info.version = 2; });
  add.Info("TcbType1", [](TcbInfoSpec& info) { info.tcb_type = 1; });
  for (const std::string id : {"", "tdx", "TDX ", "TD", "SEV"}) {
    add.InfoEdit("Id'" + id + "'", R"("id":"TDX")", R"("id":")" + id + "\"");
  }
  for (const std::string id : {"", "QVE", "QAE", "td_qe", "TD_QE2", "QE "}) {
    add.Identity("Id'" + id + "'",
                 [&](QeIdentitySpec& identity) { identity.id = id; });
  }
}

void AddComponents(RuleRows& add) {
  const std::string first = R"("sgxtcbcomponents":[{"svn":7,)";
  for (const std::string svn :
       {"256", "-1", "7.5", "7.0", "\"7\"", "1e2", "07", "+7", "0x7", "true",
        "null", "[7]", "4294967303", "18446744073709551623"}) {
    add.InfoEdit("SgxSvn" + svn, first,
                 R"("sgxtcbcomponents":[{"svn":)" + svn + ",");
    add.InfoEdit("TdxSvn" + svn, R"("tdxtcbcomponents":[{"svn":5,)",
                 R"("tdxtcbcomponents":[{"svn":)" + svn + ",");
  }
  for (const std::string svn :
       {"65536", "-1", "11.5", "\"11\"", "4294967307"}) {
    add.InfoEdit("PceSvn" + svn, "\"pcesvn\":11", "\"pcesvn\":" + svn);
    add.InfoEdit("ModuleSvn" + svn, "\"isvsvn\":5", "\"isvsvn\":" + svn);
    add.IdentityEdit("Svn" + svn, "\"isvsvn\":6", "\"isvsvn\":" + svn);
  }
  for (const std::string tail : {R"(],"pcesvn")", R"(]},"tcbDate")"}) {
    const std::string kind = tail[2] == ',' ? "Tdx" : "Sgx";
    add.InfoEdit("Fifteen" + kind + "Components", R"(,{"svn":0})" + tail, tail);
    add.InfoEdit("Seventeen" + kind + "Components", tail,
                 R"(,{"svn":0})" + tail);
  }
  add.InfoEdit("NoSgxComponents", first,
               R"("sgxtcbcomponents":[],"x":[{"svn":7,)");
  add.InfoEdit("ComponentTwiceNamed", R"({"svn":7,)", R"({"svn":7,"svn":7,)");
}

void AddLevels(RuleRows& add) {
  add.Info("NoLevels", [](TcbInfoSpec& info) { info.levels.clear(); });
  add.Info("LevelsReversed", [](TcbInfoSpec& info) {
    std::swap(info.levels.front(), info.levels.back());
  });
  add.Info("LevelsUnsortedAtTheEnd", [](TcbInfoSpec& info) {
    std::swap(info.levels[1], info.levels[2]);
  });
  add.Info("LevelTwice", [](TcbInfoSpec& info) {
    info.levels.insert(info.levels.begin(), info.levels.front());
  });
  add.Info("LevelTwiceOtherwise", [](TcbInfoSpec& info) {
    info.levels.insert(info.levels.begin() + 1, info.levels.front());
    info.levels[1].outcome.status = "OutOfDate";
  });
  add.Info("NoModuleLevels", [](TcbInfoSpec& info) {
    info.tdx_module_identities[1].levels.clear();
  });
  add.Info("ModuleLevelsReversed", [](TcbInfoSpec& info) {
    auto& levels = info.tdx_module_identities[1].levels;
    std::swap(levels[0], levels[1]);
  });
  add.Info("ModuleLevelTwice", [](TcbInfoSpec& info) {
    auto& levels = info.tdx_module_identities[1].levels;
    levels.push_back(levels.back());
  });
  add.Identity("NoLevels", [](QeIdentitySpec& id) { id.levels.clear(); });
  add.Identity("LevelsReversed", [](QeIdentitySpec& id) {
    std::swap(id.levels[0], id.levels[1]);
  });
  add.Identity("LevelTwice", [](QeIdentitySpec& id) {
    id.levels.push_back(id.levels.back());
  });
}

void AddModules(RuleRows& add) {
  add.Info("NoModule", [](TcbInfoSpec& info) { info.tdx_module.reset(); });
  for (const std::string id : {"", "TDX", "TDX_", "TDX_1", "TDX_001", "TDX_0G",
                               "TDX-01", "TD_01", "TDX_ 1", "TDX_-1"}) {
    add.Info("ModuleId'" + id + "'",
             [&](TcbInfoSpec& info) { info.tdx_module_identities[0].id = id; });
  }
  add.Info("ModuleTwice", [](TcbInfoSpec& info) {
    info.tdx_module_identities[0].id = "TDX_01";
  });
  add.InfoEdit("ModuleSignerShort", R"("tdxModule":{"mrsigner":"00)",
               R"("tdxModule":{"mrsigner":")");
  add.InfoEdit("ModuleSignerNoHex", R"("tdxModule":{"mrsigner":"00)",
               R"("tdxModule":{"mrsigner":"0g)");
}

}  // namespace

Mutants DocumentRuleMutants() {
  RuleRows add;
  AddTimes(add);
  AddStatuses(add);
  AddVersions(add);
  AddComponents(add);
  AddLevels(add);
  AddModules(add);
  const std::string deep(40, '[');
  add.InfoEdit("DeepMember", "\"tcbType\":0",
               R"("tcbType":0,"x":)" + deep + std::string(40, ']'));
  add.IdentityEdit("DeepMember", "\"version\":2",
                   R"("version":2,"x":)" + deep + std::string(40, ']'));
  const std::string deeper(100000, '[');
  add.InfoEdit("VeryDeepMember", "\"tcbType\":0",
               R"("tcbType":0,"x":)" + deeper + std::string(100000, ']'));
  add.InfoEdit("InvalidUtf8", R"("category":"BIOS")",
               "\"category\":\"\xff\xfe\"");
  add.InfoEdit("ControlCharacter", R"("category":"BIOS")",
               "\"category\":\"\n\"");
  add.InfoEdit("UnknownMemberTwice", "\"tcbType\":0",
               R"("tcbType":0,"x":1,"x":2)");
  add.InfoEdit("MemberTwiceByEscape", "\"tcbType\":0",
               R"("tcbType":0,"tcb\u0054ype":0)");
  return std::move(add.rows);
}

}  // namespace tdxvfs::testing
