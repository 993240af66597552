// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/tcb_evaluation.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "attest/verify/convergence.h"
#include "attest/verify/isv_level.h"
#include "attest/verify/platform_level.h"
#include "attest/verify/status_advice.h"
#include "attest/verify/tdx_module.h"

namespace tdxvfs::verify {
namespace {

using attest::TcbStatus;

// What was reached under one TEE_TCB_SVN, or without one for SGX.
struct Reached {
  const TcbLevelOutcome* platform = nullptr;
  const TcbLevelOutcome* qe = nullptr;
  const TcbLevelOutcome* module = nullptr;  // null without a module version

  TcbStatus status() const {
    std::vector<TcbStatus> components = {qe->status};
    if (module != nullptr) {
      components.push_back(module->status);
    }
    return Converge(platform->status, components);
  }
};

class TcbEvaluation {
 public:
  TcbEvaluation(const TcbInfo& tcb_info, const QeIdentity& qe_identity,
                Evaluation& evaluation)
      : tcb_info_(tcb_info),
        qe_identity_(qe_identity),
        evaluation_(evaluation),
        record_(evaluation) {}

  bool Run();

 private:
  bool FindQeLevel();
  // `prefix` tells the checks of the running module from those at launch.
  bool FindLevels(const std::string& prefix,
                  const std::optional<attest::ByteArray<16>>& tee_tcb_svn,
                  Reached& reached);
  bool FindModuleLevel(const std::string& prefix,
                       const attest::ByteArray<16>& tee_tcb_svn,
                       Reached& reached);
  bool FindPlatform(const std::string& prefix, const PlatformSvns& svns,
                    Reached& reached);
  void Conclude(const Reached& launch, const std::optional<Reached>& current);

  const TcbInfo& tcb_info_;
  const QeIdentity& qe_identity_;
  Evaluation& evaluation_;
  CheckRecord record_;
  const TcbLevelOutcome* qe_ = nullptr;
  StatusAdvice advice_;
};

bool TcbEvaluation::FindQeLevel() {
  const std::uint16_t svn = evaluation_.quote.qe_report.isv_svn;
  if (!record_.Take(CheckIsvLevel("QE", qe_identity_.levels, svn),
                    FailureClass::kTcbNotSupported)) {
    evaluation_.remedy = kUpdateQe;
    return false;
  }
  const IsvTcbLevel* level = FindIsvLevel(qe_identity_.levels, svn);
  qe_ = &level->outcome;
  advice_.AddIsv("QE", *level, qe_identity_.levels, svn, kUpdateQe);
  return true;
}

bool TcbEvaluation::FindModuleLevel(const std::string& prefix,
                                    const attest::ByteArray<16>& tee_tcb_svn,
                                    Reached& reached) {
  if (!HasModuleVersion(tee_tcb_svn)) {
    return true;
  }
  const TdxModuleIdentity* identity =
      FindModuleIdentity(tcb_info_, tee_tcb_svn[1]);
  if (identity == nullptr) {
    attest::Check check = CheckModuleVersion(tee_tcb_svn, tcb_info_);
    check.name = prefix + check.name;
    record_.Take(std::move(check), FailureClass::kTcbNotSupported);
    // Mostly a module that is newer than the document.
    evaluation_.remedy = RemedyOf(FailureClass::kModuleMismatch);
    return false;
  }
  const std::string what = prefix + "TDX module";
  if (!record_.Take(CheckIsvLevel(what, identity->levels, tee_tcb_svn[0]),
                    FailureClass::kTcbNotSupported)) {
    evaluation_.remedy = kUpdateModule;
    return false;
  }
  const IsvTcbLevel* level = FindIsvLevel(identity->levels, tee_tcb_svn[0]);
  reached.module = &level->outcome;
  advice_.AddIsv(what, *level, identity->levels, tee_tcb_svn[0], kUpdateModule);
  return true;
}

bool TcbEvaluation::FindPlatform(const std::string& prefix,
                                 const PlatformSvns& svns, Reached& reached) {
  const auto& levels = tcb_info_.levels;
  attest::Check check = Demand(
      prefix + "platform TCB level",
      "one of the " + std::to_string(levels.size()) +
          " levels that Intel lists, best: " +
          std::string(attest::TcbStatusName(levels.front().outcome.status)),
      "Intel PCS API v4, TCB info: tcbLevels");
  const PlatformTcbLevel* level = FindPlatformLevel(levels, svns);
  if (level == nullptr) {
    const auto shortfalls = ShortfallsOf(levels.back(), svns);
    evaluation_.tcb_shortfall = JoinTexts(shortfalls);
    check.actual = "none; for the lowest, " + evaluation_.tcb_shortfall;
    record_.Fails(std::move(check), FailureClass::kTcbNotSupported,
                  "the platform reaches no level that Intel supports: " +
                      evaluation_.tcb_shortfall);
    evaluation_.remedy = JoinRemedies(shortfalls);
    return false;
  }
  reached.platform = &level->outcome;
  check.actual = OutcomeText(level->outcome);
  if (level->outcome.status != TcbStatus::kUpToDate) {
    const auto shortfalls = ShortfallsOf(levels.front(), svns);
    if (!shortfalls.empty()) {
      check.actual += ": " + JoinTexts(shortfalls);
    }
    advice_.AddPlatform(shortfalls);
  }
  return record_.Holds(std::move(check));
}

bool TcbEvaluation::FindLevels(
    const std::string& prefix,
    const std::optional<attest::ByteArray<16>>& tee_tcb_svn, Reached& reached) {
  reached.qe = qe_;
  if (tee_tcb_svn.has_value() &&
      !FindModuleLevel(prefix, *tee_tcb_svn, reached)) {
    return false;
  }
  return FindPlatform(prefix, SvnsOf(evaluation_.platform, tee_tcb_svn),
                      reached);
}

void TcbEvaluation::Conclude(const Reached& launch,
                             const std::optional<Reached>& current) {
  attest::TcbVerdict& tcb = evaluation_.tcb.emplace();
  tcb.platform_status = launch.platform->status;
  tcb.qe_status = launch.qe->status;
  std::vector<const TcbLevelOutcome*> counted = {launch.platform, launch.qe};
  if (launch.module != nullptr) {
    tcb.module_status = launch.module->status;
    counted.push_back(launch.module);
  }
  tcb.status = launch.status();
  if (current.has_value()) {
    tcb.launch_status = launch.status();
    tcb.current_status = current->status();
    tcb.status = ConvergeRelaunch(*tcb.launch_status, *tcb.current_status);
  }
  tcb.date = EarliestDate(counted);
  tcb.advisory_ids = AllAdvisories(counted);
  tcb.tcb_info_evaluation_number = tcb_info_.evaluation_number;
  tcb.qe_identity_evaluation_number = qe_identity_.evaluation_number;
  attest::Check check =
      Demand("TCB status", "UpToDate at best",
             "Intel TDX DCAP quote verification library, converged TCB status");
  check.actual = attest::TcbStatusName(tcb.status);
  record_.Holds(std::move(check));
  evaluation_.tcb_shortfall = advice_.shortfall();
  evaluation_.remedy = advice_.Remedy(tcb.status, tcb.advisory_ids);
}

bool TcbEvaluation::Run() {
  Reached launch;
  if (!FindQeLevel()) {
    return false;
  }
  const attest::TdReport* report = evaluation_.quote.td_report();
  if (report == nullptr) {
    if (!FindLevels("", std::nullopt, launch)) {
      return false;
    }
    Conclude(launch, std::nullopt);
    return true;
  }
  if (!FindLevels("", report->tee_tcb_svn, launch)) {
    return false;
  }
  std::optional<Reached> current;
  if (report->tee_tcb_svn2.has_value()) {
    const StatusAdvice at_launch = advice_;
    if (!FindLevels("running ", report->tee_tcb_svn2, current.emplace())) {
      return false;
    }
    advice_ = at_launch;
  }
  Conclude(launch, current);
  return true;
}

}  // namespace

bool EvaluateTcb(const TcbInfo& tcb_info, const QeIdentity& qe_identity,
                 Evaluation& evaluation) {
  return TcbEvaluation(tcb_info, qe_identity, evaluation).Run();
}

}  // namespace tdxvfs::verify
