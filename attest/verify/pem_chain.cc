// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/pem_chain.h"

#include <algorithm>
#include <string>

#include <openssl/evp.h>

namespace tdxvfs::verify {
namespace {

constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
constexpr std::string_view kEnd = "-----END CERTIFICATE-----";
constexpr std::string_view kSpace = " \t\r\n";

Error PemError(std::string_view why) {
  return {Reason::kQuoteInvalid, "PEM chain: " + std::string(why)};
}

void SkipSpace(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
}

bool IsBase64(char letter) {
  return (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z') ||
         (letter >= '0' && letter <= '9') || letter == '+' || letter == '/' ||
         letter == '=';
}

Result<Der> DecodeBase64(std::string_view text) {
  std::string digits;
  digits.reserve(text.size());
  for (const char letter : text) {
    if (IsBase64(letter)) {
      digits.push_back(letter);
    } else if (kSpace.find(letter) == std::string_view::npos) {
      return PemError("a byte that is not base64");
    }
  }
  const std::size_t size = digits.size();
  // Padding may stand at the very end only.
  const std::size_t first_pad = std::min(digits.find('='), size);
  const std::size_t padding = size - first_pad;
  if (size == 0 || size % 4 != 0 || padding > 2 ||
      std::count(digits.begin(), digits.end(), '=') !=
          static_cast<std::ptrdiff_t>(padding)) {
    return PemError("base64 of a wrong length");
  }
  Der der(size / 4 * 3);
  const int decoded = EVP_DecodeBlock(
      der.data(), reinterpret_cast<const unsigned char*>(digits.data()),
      static_cast<int>(size));
  if (decoded < 0 || static_cast<std::size_t>(decoded) != der.size()) {
    return PemError("base64 that does not decode");
  }
  der.resize(der.size() - padding);
  return der;
}

}  // namespace

Result<std::vector<Der>> SplitPemChain(std::string_view pem,
                                       std::size_t limit) {
  while (!pem.empty() && pem.back() == '\0') {
    pem.remove_suffix(1);
  }
  std::vector<Der> certificates;
  for (SkipSpace(pem); !pem.empty(); SkipSpace(pem)) {
    if (!pem.starts_with(kBegin)) {
      return PemError("something that is no certificate between blocks");
    }
    pem.remove_prefix(kBegin.size());
    const std::size_t end = pem.find(kEnd);
    if (end == std::string_view::npos) {
      return PemError("a block without its end");
    }
    if (certificates.size() == limit) {
      return PemError("more than " + std::to_string(limit) + " certificates");
    }
    ASSIGN_OR_RETURN(Der der, DecodeBase64(pem.substr(0, end)));
    certificates.push_back(std::move(der));
    pem.remove_prefix(end + kEnd.size());
  }
  return certificates;
}

Result<std::vector<Der>> SplitWholeChain(std::string_view pem,
                                         std::size_t count) {
  ASSIGN_OR_RETURN(std::vector<Der> certificates, SplitPemChain(pem, count));
  if (certificates.size() != count) {
    return PemError(std::to_string(certificates.size()) +
                    " certificates instead of " + std::to_string(count));
  }
  return certificates;
}

}  // namespace tdxvfs::verify
