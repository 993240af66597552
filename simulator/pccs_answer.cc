// SPDX-License-Identifier: Apache-2.0
#include "simulator/pccs_answer.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <functional>
#include <optional>
#include <utility>

#include <openssl/pem.h>

#include "common/hex.h"
#include "common/openssl_error.h"

namespace tdxvfs::simulator {
namespace {

constexpr std::string_view kSgxBase = "/sgx/certification/v4/";
constexpr std::string_view kTdxBase = "/tdx/certification/v4/";
constexpr std::size_t kQeIdSize = 16;
constexpr std::size_t kEncryptedPpidSize = 384;
constexpr const char* kEnclaveChain = "SGX-Enclave-Identity-Issuer-Chain";

PccsAnswer Refuse(unsigned status) {
  PccsAnswer answer;
  answer.status = status;
  return answer;
}

PccsAnswer Json(const std::string& body, const char* chain_header,
                const std::string& chain) {
  PccsAnswer answer;
  answer.body = body;
  answer.headers["Content-Type"] = "application/json";
  answer.headers[chain_header] = PercentEncoded(chain);
  return answer;
}

// The parameter, or nothing.
std::optional<std::string> Find(const PccsRequest& request,
                                const std::string& name) {
  const auto found = request.parameters.find(name);
  if (found == request.parameters.end()) {
    return std::nullopt;
  }
  return found->second;
}

// Whether a parameter is there and is hex of this many bytes.
std::optional<std::vector<std::uint8_t>> Hex(const PccsRequest& request,
                                             const std::string& name,
                                             std::size_t size) {
  const auto bytes = FromHex(Find(request, name).value_or(""));
  if (!bytes.has_value() || bytes->size() != size) {
    return std::nullopt;
  }
  return *bytes;
}

bool IsHexOrEmpty(const PccsRequest& request, const std::string& name,
                  std::size_t size) {
  return Find(request, name).value_or("").empty() ||
         Hex(request, name, size).has_value();
}

// Which number is asked for: by name, by number, or the standard one. The
// status of a refusal otherwise.
struct Chosen {
  unsigned number = 0;
  unsigned refusal = 0;
};

Chosen ChooseNumber(const PccsContent& content, const PccsRequest& request) {
  const auto update = Find(request, "update");
  const auto wanted = Find(request, "tcbEvaluationDataNumber");
  if (update.has_value() && wanted.has_value()) {
    return {0, 400};
  }
  if (wanted.has_value()) {
    unsigned number = 0;
    const char* const end = wanted->data() + wanted->size();
    const auto read = std::from_chars(wanted->data(), end, number);
    if (read.ec != std::errc() || read.ptr != end) {
      return {0, 400};
    }
    if (number + 1 < content.standard_number) {
      return {0, 410};
    }
    return {number, number > content.standard_number + 1 ? 404U : 0U};
  }
  const std::string word = update.value_or("standard");
  if (word != "standard" && word != "early") {
    return {0, 400};
  }
  return {content.standard_number + (word == "early" ? 1 : 0), 0};
}

PccsAnswer TcbInfo(const PccsContent& content, const PccsRequest& request,
                   attest::Tee tee) {
  const auto fmspc = Hex(request, "fmspc", content.platform.fmspc.size());
  const Chosen chosen = ChooseNumber(content, request);
  if (!fmspc.has_value() || chosen.refusal == 400) {
    return Refuse(400);
  }
  if (!std::ranges::equal(*fmspc, content.platform.fmspc)) {
    return Refuse(404);
  }
  if (chosen.refusal != 0) {
    return Refuse(chosen.refusal);
  }
  return Json(content.Of(tee).tcb_info.at(chosen.number),
              "TCB-Info-Issuer-Chain", content.tcb_signing_chain);
}

PccsAnswer Identity(const PccsContent& content, const PccsRequest& request,
                    attest::Tee tee) {
  const Chosen chosen = ChooseNumber(content, request);
  if (chosen.refusal != 0) {
    return Refuse(chosen.refusal);
  }
  return Json(content.Of(tee).qe_identity.at(chosen.number), kEnclaveChain,
              content.tcb_signing_chain);
}

Result<std::string> CrlPem(const Bytes& der) {
  const unsigned char* position = der.data();
  const X509CrlPtr crl(
      d2i_X509_CRL(nullptr, &position, static_cast<long>(der.size())));
  const BioPtr memory(BIO_new(BIO_s_mem()));
  if (crl == nullptr || memory == nullptr ||
      PEM_write_bio_X509_CRL(memory.get(), crl.get()) != 1) {
    return OpensslError(Reason::kInternal, "write a CRL");
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

Result<PccsAnswer> PckCrl(const PccsContent& content,
                          const PccsRequest& request) {
  const std::string ca = Find(request, "ca").value_or("");
  const std::string encoding = Find(request, "encoding").value_or("pem");
  if ((ca != "platform" && ca != "processor") ||
      (encoding != "pem" && encoding != "der")) {
    return Refuse(400);
  }
  if (ca != content.ca) {
    return Refuse(404);
  }
  PccsAnswer answer;
  answer.headers["SGX-PCK-CRL-Issuer-Chain"] =
      PercentEncoded(content.pck_ca_chain);
  if (encoding == "der") {
    answer.headers["Content-Type"] = "application/pkix-crl";
    answer.body = AsText(content.pck_crl);
    return answer;
  }
  answer.headers["Content-Type"] = "application/x-pem-file";
  ASSIGN_OR_RETURN(answer.body, CrlPem(content.pck_crl));
  return answer;
}

PccsAnswer PckCertificate(const PccsContent& content,
                          const PccsRequest& request) {
  const Platform& platform = content.platform;
  const auto cpu_svn = Hex(request, "cpusvn", platform.tcb_components.size());
  const auto pce_svn = Hex(request, "pcesvn", 2);
  const auto pce_id = Hex(request, "pceid", platform.pce_id.size());
  if (!cpu_svn.has_value() || !pce_svn.has_value() || !pce_id.has_value()) {
    return Refuse(400);
  }
  // Both may be left out or empty; what is there must be one.
  if (!IsHexOrEmpty(request, "qeid", kQeIdSize) ||
      !IsHexOrEmpty(request, "encrypted_ppid", kEncryptedPpidSize)) {
    return Refuse(400);
  }
  // The one certificate is for this TCB; a platform below it has none.
  const bool reaches =
      std::ranges::equal(platform.tcb_components, *cpu_svn,
                         std::ranges::less_equal()) &&
      platform.pce_svn <= ((*pce_svn)[0] | (*pce_svn)[1] << 8U);
  if (!reaches || !std::ranges::equal(*pce_id, platform.pce_id)) {
    return Refuse(404);
  }
  const std::array<std::uint8_t, 2> svn = {
      static_cast<std::uint8_t>(platform.pce_svn),
      static_cast<std::uint8_t>(platform.pce_svn >> 8U)};
  PccsAnswer answer;
  answer.body = content.pck_certificate;
  answer.headers["Content-Type"] = "application/x-pem-file";
  answer.headers["SGX-PCK-Certificate-Issuer-Chain"] =
      PercentEncoded(content.pck_ca_chain);
  answer.headers["SGX-TCBm"] = ToHex(platform.tcb_components) + ToHex(svn);
  answer.headers["SGX-FMSPC"] = ToHex(platform.fmspc);
  answer.headers["SGX-PCK-Certificate-CA-Type"] = content.ca;
  return answer;
}

PccsAnswer RootCrl(const PccsContent& content, bool hex) {
  PccsAnswer answer;
  answer.body = hex ? ToHex(content.root_ca_crl)
                    : std::string(AsText(content.root_ca_crl));
  answer.headers["Content-Type"] =
      hex ? "application/x-pem-file" : "application/pkix-crl";
  return answer;
}

Result<PccsAnswer> AnswerOf(const PccsContent& content,
                            const PccsRequest& request) {
  std::string_view path = request.path;
  // Not the service's own: where the root's CRL distribution point leads.
  if (path == "/IntelSGXRootCA.der") {
    return RootCrl(content, false);
  }
  attest::Tee tee = attest::Tee::kSgx;
  if (path.starts_with(kTdxBase)) {
    tee = attest::Tee::kTdx;
  } else if (!path.starts_with(kSgxBase)) {
    return Refuse(404);
  }
  path.remove_prefix(kSgxBase.size());
  if (path == "tcb") {
    return TcbInfo(content, request, tee);
  }
  if (path == "qe/identity") {
    return Identity(content, request, tee);
  }
  if (path == "tcbevaluationdatanumbers") {
    return Json(content.Of(tee).evaluation_numbers,
                "TCB-Evaluation-Data-Numbers-Issuer-Chain",
                content.tcb_signing_chain);
  }
  if (tee == attest::Tee::kTdx) {
    return Refuse(404);
  }
  if (path == "pckcrl") {
    return PckCrl(content, request);
  }
  if (path == "rootcacrl") {
    return RootCrl(content, true);
  }
  return path == "pckcert" ? PckCertificate(content, request) : Refuse(404);
}

}  // namespace

std::string PercentEncoded(std::string_view text) {
  constexpr std::string_view kept = "-._~+/";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || kept.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded += '%' + UpperHex({&byte, 1});
    }
  }
  return encoded;
}

Result<PccsAnswer> AnswerPccs(const PccsContent& content,
                              const PccsRequest& request) {
  ASSIGN_OR_RETURN(PccsAnswer answer, AnswerOf(content, request));
  answer.headers["Request-ID"] = "pretend";
  return answer;
}

}  // namespace tdxvfs::simulator
