// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/qe_identity.h"

#include "attest/verify/json.h"
#include "attest/verify/tcb_levels.h"

namespace tdxvfs::verify {
namespace {

constexpr std::uint32_t kVersion = 2;

Result<void> ReadEnclaveKind(const JsonValue& document, QeIdentity& identity) {
  ASSIGN_OR_RETURN(const JsonValue id, document.Member("id"));
  ASSIGN_OR_RETURN(const std::string_view name, id.Text());
  if (name != "QE" && name != "TD_QE") {
    return id.Refused("not 'QE' or 'TD_QE'");
  }
  identity.tee = name == "QE" ? attest::Tee::kSgx : attest::Tee::kTdx;
  ASSIGN_OR_RETURN(const JsonValue version, document.Member("version"));
  ASSIGN_OR_RETURN(const std::uint32_t number, version.Integer(UINT32_MAX));
  if (number != kVersion) {
    return version.Refused("not 2");
  }
  return {};
}

// What a report of the enclave must show; bytes in the report's order.
Result<void> ReadReportExpectation(const JsonValue& document,
                                   QeIdentity& identity) {
  ASSIGN_OR_RETURN(identity.misc_select, document.HexAt<4>("miscselect"));
  ASSIGN_OR_RETURN(identity.misc_select_mask,
                   document.HexAt<4>("miscselectMask"));
  ASSIGN_OR_RETURN(identity.attributes, document.HexAt<16>("attributes"));
  ASSIGN_OR_RETURN(identity.attributes_mask,
                   document.HexAt<16>("attributesMask"));
  ASSIGN_OR_RETURN(identity.mr_signer, document.HexAt<32>("mrsigner"));
  ASSIGN_OR_RETURN(identity.isv_prod_id,
                   document.IntegerAt<std::uint16_t>("isvprodid"));
  return {};
}

}  // namespace

Result<QeIdentity> ParseQeIdentity(std::string_view json) {
  simdjson::dom::parser parser;
  ASSIGN_OR_RETURN(const simdjson::dom::element root, ParseJson(parser, json));
  RETURN_IF_ERROR(RefuseDoubledNames(root));
  const JsonValue document(root);
  QeIdentity identity;
  RETURN_IF_ERROR(ReadEnclaveKind(document, identity));
  ASSIGN_OR_RETURN(identity.issue_date, document.DateAt("issueDate"));
  ASSIGN_OR_RETURN(identity.next_update, document.DateAt("nextUpdate"));
  ASSIGN_OR_RETURN(
      identity.evaluation_number,
      document.IntegerAt<std::uint32_t>("tcbEvaluationDataNumber"));
  RETURN_IF_ERROR(ReadReportExpectation(document, identity));
  ASSIGN_OR_RETURN(identity.levels, ReadIsvLevels(document));
  return identity;
}

}  // namespace tdxvfs::verify
