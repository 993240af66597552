// SPDX-License-Identifier: Apache-2.0
#include "collateral/answer_encoding.h"

#include "attest/verify/collateral.h"
#include "common/hex.h"
#include "common/owned_openssl.h"

namespace tdxvfs::collateral {
namespace {

using EncodingContextPtr =
    std::unique_ptr<EVP_ENCODE_CTX, FreeWith<EVP_ENCODE_CTX_free>>;

constexpr std::string_view kPemBegin = "-----BEGIN X509 CRL-----";
constexpr std::string_view kPemEnd = "-----END X509 CRL-----";
constexpr char kDerSequence = 0x30;

Error EncodingError(std::string why) {
  return {Reason::kCollateralInvalid, std::move(why)};
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view white = " \t\r\n";
  const std::size_t first = text.find_first_not_of(white);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(white) - first + 1);
}

Result<std::vector<std::uint8_t>> DecodePem(std::string_view text) {
  text = Trimmed(text);
  if (!text.starts_with(kPemBegin) || !text.ends_with(kPemEnd) ||
      text.size() < kPemBegin.size() + kPemEnd.size()) {
    return EncodingError("CRL: not one PEM block of a CRL");
  }
  text.remove_prefix(kPemBegin.size());
  text.remove_suffix(kPemEnd.size());
  const EncodingContextPtr context(EVP_ENCODE_CTX_new());
  if (context == nullptr) {
    return Error(Reason::kInternal, "CRL: no memory for base64");
  }
  EVP_DecodeInit(context.get());
  std::vector<std::uint8_t> der(text.size());
  int used = 0;
  int rest = 0;
  if (EVP_DecodeUpdate(context.get(), der.data(), &used, AsBytes(text).data(),
                       static_cast<int>(text.size())) < 0 ||
      EVP_DecodeFinal(context.get(), der.data() + used, &rest) != 1 ||
      used + rest == 0) {
    return EncodingError("CRL: PEM block is empty or not base64");
  }
  der.resize(static_cast<std::size_t>(used) + static_cast<std::size_t>(rest));
  return der;
}

}  // namespace

Result<std::string> DecodeIssuerChain(std::string_view header) {
  std::string decoded;
  decoded.reserve(header.size());
  while (!header.empty()) {
    if (header.front() != '%') {
      decoded.push_back(header.front());
      header.remove_prefix(1);
      continue;
    }
    const auto byte = FromHex(header.substr(1, 2));
    if (header.size() < 3 || !byte.has_value()) {
      return EncodingError("issuer chain: '%' without two hex digits");
    }
    decoded.push_back(static_cast<char>(byte->front()));
    header.remove_prefix(3);
  }
  if (decoded.size() > verify::kMaxIssuerChain) {
    return EncodingError("issuer chain: larger than " +
                         std::to_string(verify::kMaxIssuerChain) + " bytes");
  }
  return decoded;
}

Result<std::vector<std::uint8_t>> DecodeCrl(std::string_view body) {
  if (body.empty() || body.size() > verify::kMaxCrl) {
    return EncodingError("CRL: empty or larger than " +
                         std::to_string(verify::kMaxCrl) + " bytes");
  }
  if (body.front() == kDerSequence) {
    const auto bytes = AsBytes(body);
    return std::vector<std::uint8_t>(bytes.begin(), bytes.end());
  }
  if (Trimmed(body).starts_with("-----BEGIN")) {
    return DecodePem(body);
  }
  auto bytes = FromHex(Trimmed(body));
  if (!bytes.has_value() || bytes->empty()) {
    return EncodingError("CRL: neither DER nor PEM nor hex");
  }
  return bytes;
}

}  // namespace tdxvfs::collateral
