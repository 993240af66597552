// SPDX-License-Identifier: Apache-2.0
#include "simulator/qe_identity_spec.h"

#include "common/json_text.h"
#include "simulator/quote_parts.h"

namespace tdxvfs::simulator {
namespace {

using std::chrono::hours;

std::string IdentityJson(const QeIdentitySpec& spec) {
  return JsonObject()
      .String("id", spec.id)
      .Number("version", spec.version)
      .String("issueDate", DocumentTime(spec.issue_date))
      .String("nextUpdate", DocumentTime(spec.next_update))
      .Number("tcbEvaluationDataNumber", spec.evaluation_number)
      .String("miscselect", UpperHex(spec.misc_select))
      .String("miscselectMask", UpperHex(spec.misc_select_mask))
      .String("attributes", UpperHex(spec.attributes))
      .String("attributesMask", UpperHex(spec.attributes_mask))
      .String("mrsigner", UpperHex(spec.mr_signer))
      .Number("isvprodid", spec.isv_prod_id)
      .Raw("tcbLevels", IsvLevelsJson(spec.levels))
      .Close();
}

}  // namespace

QeIdentitySpec GoodQeIdentitySpec(attest::Tee tee,
                                  std::chrono::system_clock::time_point now) {
  QeIdentitySpec spec;
  spec.id = tee == attest::Tee::kTdx ? "TD_QE" : "QE";
  spec.issue_date = now - hours(24);
  spec.next_update = now + hours(24 * 29);
  const attest::SgxReport report = attest::ParseSgxReport(QeReport(tee));
  spec.mr_signer = report.mr_signer;
  spec.isv_prod_id = report.isv_prod_id;
  OutcomeSpec old;
  old.date = "2024-03-13T00:00:00Z";
  old.status = "OutOfDate";
  old.advisory_ids = {"INTEL-SA-00615"};
  spec.levels = {{report.isv_svn, {}},
                 {static_cast<std::uint16_t>(report.isv_svn - 2), old}};
  return spec;
}

Result<std::string> MakeQeIdentity(const QeIdentitySpec& spec, EVP_PKEY* key) {
  return SignDocument("enclaveIdentity", IdentityJson(spec), spec.signing, key);
}

}  // namespace tdxvfs::simulator
