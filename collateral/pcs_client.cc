// SPDX-License-Identifier: Apache-2.0
#include "collateral/pcs_client.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "collateral/answer_encoding.h"
#include "common/hex.h"

namespace tdxvfs::collateral {
namespace {

constexpr std::string_view kIntelBase = "https://api.trustedservices.intel.com";
// The CRL distribution point of Intel's root; PCS does not serve it.
constexpr std::string_view kIntelRootCrl =
    "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der";
constexpr std::string_view kSgxPath = "/sgx/certification/v4";
// What a Retry-After may make us wait, in seconds.
constexpr std::uint32_t kLongestWait = 3600;

constexpr std::string_view kTcbInfoChain = "tcb-info-issuer-chain";
constexpr std::string_view kIdentityChain = "sgx-enclave-identity-issuer-chain";
constexpr std::string_view kPckCrlChain = "sgx-pck-crl-issuer-chain";
constexpr std::string_view kPckChain = "sgx-pck-certificate-issuer-chain";
constexpr std::string_view kPem = "-----BEGIN CERTIFICATE-----";
constexpr std::size_t kRsa3072Size = 384;  // bytes

// Users copy the URL of a PCCS with the path that Intel's own tools want.
std::string BaseOf(std::string url) {
  const auto without_slashes = [&url] {
    while (url.ends_with('/')) {
      url.pop_back();
    }
  };
  without_slashes();
  if (url.ends_with(kSgxPath)) {
    url.resize(url.size() - kSgxPath.size());
    without_slashes();
  }
  return url;
}

// Seconds; the form with a date is not used by these services.
std::uint32_t RetryAfter(const HttpAnswer& answer) {
  const auto header = answer.headers.find("retry-after");
  std::uint32_t seconds = 0;
  if (header != answer.headers.end()) {
    const std::string& text = header->second;
    (void)std::from_chars(text.data(), text.data() + text.size(), seconds);
  }
  return std::min(seconds, kLongestWait);
}

std::optional<Error> RefusalOf(const HttpAnswer& answer,
                               const std::string& url) {
  const std::string words = url + ": answered " + std::to_string(answer.status);
  if (answer.status == 200) {
    return std::nullopt;
  }
  if (answer.status == 404) {
    return Error(Reason::kCollateralUnknown, words + " (not known there)");
  }
  if (answer.status == 410) {
    return Error(Reason::kCollateralGone, words + " (no longer served)");
  }
  if (answer.status == 429) {
    return Error(Reason::kCollateralBusy, words + " (too many requests)")
        .WithRetryAfter(RetryAfter(answer));
  }
  if (answer.status >= 500) {
    return Error(Reason::kCollateralUnreachable, words)
        .WithRetryAfter(RetryAfter(answer));
  }
  if (answer.status >= 300 && answer.status < 400) {
    return Error(Reason::kCollateralInvalid,
                 words + ": redirects are not followed");
  }
  return Error(Reason::kCollateralInvalid, words);
}

}  // namespace

// The requests for one set, under one deadline.
class PcsClient::Session {
 public:
  Session(PcsClient* client, std::stop_token stop)
      : client_(*client),
        stop_(std::move(stop)),
        deadline_(std::chrono::steady_clock::now() +
                  client->options_.set_timeout) {}

  Result<std::string> Body(const std::string& url) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline_ - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      return Error(Reason::kCollateralUnreachable,
                   url + ": no time left for this set");
    }
    ASSIGN_OR_RETURN(
        answer_,
        client_.http_.Get(url, std::min(left, client_.options_.request_timeout),
                          stop_));
    if (auto refusal = RefusalOf(answer_, url); refusal.has_value()) {
      return *std::move(refusal);
    }
    return std::move(answer_.body);
  }

  // The issuer chain that came with the last body.
  Result<std::string> Chain(const std::string& url, std::string_view header) {
    const auto found = answer_.headers.find(std::string(header));
    if (found == answer_.headers.end()) {
      return Error(Reason::kCollateralInvalid,
                   url + ": no header " + std::string(header));
    }
    return DecodeIssuerChain(found->second).Context(url);
  }

  Result<std::string> Document(const std::string& url) {
    ASSIGN_OR_RETURN(std::string body, Body(url));
    if (body.size() > verify::kMaxSignedDocument || !body.starts_with('{')) {
      return Error(Reason::kCollateralInvalid, url + ": not a JSON document");
    }
    return body;
  }

  Result<std::vector<std::uint8_t>> Crl(const std::string& url) {
    ASSIGN_OR_RETURN(const std::string body, Body(url));
    return DecodeCrl(body).Context(url);
  }

  Result<std::string> PckChain(const std::string& url) {
    ASSIGN_OR_RETURN(std::string leaf, Body(url));
    if (leaf.size() > verify::kMaxIssuerChain || !leaf.starts_with(kPem)) {
      return Error(Reason::kCollateralInvalid, url + ": not a PEM certificate");
    }
    ASSIGN_OR_RETURN(const std::string issuers, Chain(url, kPckChain));
    return leaf + "\n" + issuers;
  }

 private:
  PcsClient& client_;
  const std::stop_token stop_;
  const std::chrono::steady_clock::time_point deadline_;
  HttpAnswer answer_;
};

PcsClient::PcsClient(Options options, HttpClient http)
    : options_(std::move(options)), http_(std::move(http)) {
  base_ = options_.pccs_url.empty() ? std::string(kIntelBase)
                                    : BaseOf(options_.pccs_url);
  root_crl_url_ = options_.pccs_url.empty()
                      ? std::string(kIntelRootCrl)
                      : base_ + std::string(kSgxPath) + "/rootcacrl";
}

Result<std::unique_ptr<PcsClient>> PcsClient::Open(const Options& options) {
  if (!options.pccs_url.empty()) {
    RETURN_IF_ERROR(CheckServiceUrl(options.pccs_url));
  }
  ASSIGN_OR_RETURN(HttpClient http,
                   HttpClient::Open({.ca_file = options.ca_file}));
  return std::unique_ptr<PcsClient>(new PcsClient(options, std::move(http)));
}

Result<verify::CollateralDocuments> PcsClient::Fetch(
    const SetName& name, const std::stop_token& stop) {
  Session session(this, stop);
  // Standard is what a service means without the parameter, and older caching
  // services do not know it.
  const bool early = name.update == Update::kEarly;
  const std::string path =
      base_ + "/" + std::string(TeeText(name.tee)) + "/certification/v4";
  const std::string tcb_url =
      path + "/tcb?fmspc=" + ToHex(name.fmspc) + (early ? "&update=early" : "");
  const std::string identity_url =
      path + "/qe/identity" + (early ? "?update=early" : "");
  const std::string crl_url =
      base_ + std::string(kSgxPath) +
      "/pckcrl?ca=" + std::string(CaText(name.platform_ca)) + "&encoding=der";
  verify::CollateralDocuments documents;
  ASSIGN_OR_RETURN(documents.tcb_info, session.Document(tcb_url));
  ASSIGN_OR_RETURN(documents.tcb_signing_chain,
                   session.Chain(tcb_url, kTcbInfoChain));
  ASSIGN_OR_RETURN(documents.qe_identity, session.Document(identity_url));
  // Both documents are signed by one certificate; a chain that differs would
  // fail the signature, so one is kept.
  RETURN_IF_ERROR(session.Chain(identity_url, kIdentityChain));
  ASSIGN_OR_RETURN(documents.pck_crl, session.Crl(crl_url));
  ASSIGN_OR_RETURN(documents.pck_crl_issuer_chain,
                   session.Chain(crl_url, kPckCrlChain));
  ASSIGN_OR_RETURN(documents.root_ca_crl, session.Crl(root_crl_url_));
  return documents;
}

Result<std::string> PcsClient::FetchPckChain(const attest::PckCertId& id,
                                             const std::stop_token& stop) {
  if (options_.pccs_url.empty()) {
    return Error(Reason::kCollateralUnknown,
                 "Intel's service gives PCK certificates to its subscribers "
                 "only: name a caching service (PCCS)");
  }
  std::string url =
      base_ + std::string(kSgxPath) + "/pckcert?qeid=" + ToHex(id.qe_id) +
      "&cpusvn=" + ToHex(id.cpu_svn) + "&pcesvn=" + ToHex(id.pce_svn) +
      "&pceid=" + ToHex(id.pce_id);
  if (id.encrypted_ppid.size() == kRsa3072Size) {
    url += "&encrypted_ppid=" + ToHex(id.encrypted_ppid);
  }
  return Session(this, stop).PckChain(url);
}

}  // namespace tdxvfs::collateral
