// SPDX-License-Identifier: Apache-2.0
#include "cli/quote_fields.h"

#include <utility>

#include "attest/verify/pck_extension.h"
#include "attest/verify/pem_chain.h"
#include "common/hex.h"
#include "common/owned_openssl.h"
#include "common/result.h"

namespace tdxvfs::cli {
namespace {

// Collects fields of one quote.
class FieldList {
 public:
  FieldList& Bytes(std::string name, std::span<const std::uint8_t> bytes) {
    fields_.push_back({.name = std::move(name), .values = {ToHex(bytes)}});
    return *this;
  }
  FieldList& Text(std::string name, std::string text) {
    fields_.push_back({.name = std::move(name), .values = {std::move(text)}});
    return *this;
  }
  FieldList& Number(std::string name, std::uint64_t number) {
    fields_.push_back({.name = std::move(name),
                       .values = {std::to_string(number)},
                       .kind = QuoteField::Kind::kNumber});
    return *this;
  }
  FieldList& List(std::string name, std::vector<std::string> values) {
    fields_.push_back({.name = std::move(name),
                       .values = std::move(values),
                       .kind = QuoteField::Kind::kList});
    return *this;
  }
  FieldList& None(std::string name) {
    fields_.push_back({.name = std::move(name),
                       .values = {},
                       .kind = QuoteField::Kind::kNone});
    return *this;
  }
  std::vector<QuoteField> Take() { return std::move(fields_); }

 private:
  std::vector<QuoteField> fields_;
};

void AddBody(const attest::TdReport& report, FieldList& fields) {
  std::vector<std::string> rtmr;
  for (const auto& measurement : report.rtmr) {
    rtmr.push_back(ToHex(measurement));
  }
  fields.Bytes("tee_tcb_svn", report.tee_tcb_svn)
      .Bytes("mr_seam", report.mr_seam)
      .Bytes("mr_signer_seam", report.mr_signer_seam)
      .Bytes("seam_attributes", report.seam_attributes)
      .Bytes("td_attributes", report.td_attributes)
      .Bytes("xfam", report.xfam)
      .Bytes("mr_td", report.mr_td)
      .Bytes("mr_config_id", report.mr_config_id)
      .Bytes("mr_owner", report.mr_owner)
      .Bytes("mr_owner_config", report.mr_owner_config)
      .List("rtmr", std::move(rtmr))
      .Bytes("report_data", report.report_data);
  if (report.tee_tcb_svn2.has_value()) {
    fields.Bytes("tee_tcb_svn2", *report.tee_tcb_svn2);
  }
  if (report.mr_service_td.has_value()) {
    fields.Bytes("mr_service_td", *report.mr_service_td);
  }
}

// `cpu_svn` alone is the PCK certificate's; a report's own carries a prefix.
void AddSgxReport(const attest::SgxReport& report, const std::string& prefix,
                  FieldList& fields) {
  fields.Bytes(prefix + "misc_select", report.misc_select)
      .Bytes(prefix + "attributes", report.attributes)
      .Bytes(prefix + "mr_enclave", report.mr_enclave)
      .Bytes(prefix + "mr_signer", report.mr_signer)
      .Number(prefix + "isv_prod_id", report.isv_prod_id)
      .Number(prefix + "isv_svn", report.isv_svn)
      .Bytes(prefix + "report_data", report.report_data);
}

// Leaf, intermediate and root, or the leaf alone (certification data types 5
// and 4 of the DCAP quoting library API, appendix 3).
constexpr std::uint16_t kPckLeaf = 4;
constexpr std::uint16_t kPckChain = 5;
constexpr std::size_t kMaxChain = 3;

Result<verify::PckPlatform> ReadPlatform(const attest::Quote& quote) {
  if (quote.certification_type != kPckLeaf &&
      quote.certification_type != kPckChain) {
    return Error(Reason::kQuoteInvalid, "no PCK certificate in the quote");
  }
  ASSIGN_OR_RETURN(
      const std::vector<verify::Der> chain,
      verify::SplitPemChain(AsText(quote.certification_data), kMaxChain));
  if (chain.empty()) {
    return Error(Reason::kQuoteInvalid, "empty certificate chain");
  }
  ASSIGN_OR_RETURN(const verify::Certificate leaf,
                   verify::ParseCertificate(chain.front()));
  return verify::ReadPckExtension(leaf);
}

}  // namespace

std::vector<QuoteField> FieldsOf(const attest::Quote& quote) {
  FieldList fields;
  fields.Number("version", quote.version)
      .Text("tee", quote.tee == attest::Tee::kTdx ? "tdx" : "sgx");
  if (quote.version == 3) {
    fields.Number("qe_svn", quote.qe_svn).Number("pce_svn", quote.pce_svn);
  }
  fields.Bytes("qe_vendor_id", quote.qe_vendor_id)
      .Bytes("user_data", quote.user_data);
  if (const attest::TdReport* report = quote.td_report()) {
    AddBody(*report, fields);
  } else if (const auto* sgx = std::get_if<attest::SgxReport>(&quote.body)) {
    fields.Bytes("report_cpu_svn", sgx->cpu_svn);
    AddSgxReport(*sgx, "", fields);
  }
  fields.Bytes("signature", quote.signature)
      .Bytes("attestation_key", quote.attestation_key)
      .Bytes("qe_report_cpu_svn", quote.qe_report.cpu_svn);
  AddSgxReport(quote.qe_report, "qe_report_", fields);
  fields.Bytes("qe_report_signature", quote.qe_report_signature)
      .Bytes("qe_authentication_data", quote.qe_authentication_data)
      .Number("certification_type", quote.certification_type)
      .Number("size", quote.bytes.size());
  return fields.Take();
}

std::vector<QuoteField> PlatformFieldsOf(const attest::Quote& quote) {
  const auto platform = ReadPlatform(quote);
  if (!platform.has_value()) {
    return FieldList()
        .None("fmspc")
        .None("pce_id")
        .None("cpu_svn")
        .None("pck_pce_svn")
        .None("tcb_components")
        .None("ppid")
        .Take();
  }
  return FieldList()
      .Bytes("fmspc", platform->fmspc)
      .Bytes("pce_id", platform->pce_id)
      .Bytes("cpu_svn", platform->cpu_svn)
      .Number("pck_pce_svn", platform->pce_svn)
      .Bytes("tcb_components", platform->tcb_components)
      .Bytes("ppid", platform->ppid)
      .Take();
}

}  // namespace tdxvfs::cli
