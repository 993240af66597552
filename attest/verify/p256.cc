// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/p256.h"

#include <algorithm>
#include <array>
#include <utility>

#include <openssl/ec.h>
#include <openssl/err.h>

#include "common/openssl_error.h"

namespace tdxvfs::verify {
namespace {

// The order n of the P-256 group (FIPS 186-4, D.1.2.3).
constexpr std::array<std::uint8_t, 32> kOrder = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
    0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

// Parameters of the curve in a key object. Copying them costs a quarter of
// what building a key from named parameters does.
EVP_PKEY* CurveTemplate() {
  static const EvpPkeyPtr parameters = [] {
    const PkeyContextPtr context(
        EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
    EVP_PKEY* made = nullptr;
    if (context == nullptr || EVP_PKEY_paramgen_init(context.get()) != 1 ||
        EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context.get(),
                                               NID_X9_62_prime256v1) != 1 ||
        EVP_PKEY_paramgen(context.get(), &made) != 1) {
      return EvpPkeyPtr();
    }
    return EvpPkeyPtr(made);
  }();
  return parameters.get();
}

// r and s must lie in 1..n-1.
bool IsScalar(std::span<const std::uint8_t> number) {
  const bool is_zero = std::all_of(number.begin(), number.end(),
                                   [](std::uint8_t byte) { return byte == 0; });
  return !is_zero && std::lexicographical_compare(number.begin(), number.end(),
                                                  kOrder.begin(), kOrder.end());
}

// DER of SEQUENCE { INTEGER r, INTEGER s }: at most 72 bytes.
struct DerSignature {
  std::array<std::uint8_t, 72> bytes{};
  std::size_t size = 0;
};

Result<DerSignature> ToDer(std::span<const std::uint8_t, 64> raw) {
  BignumPtr r(BN_bin2bn(raw.data(), 32, nullptr));
  BignumPtr s(BN_bin2bn(raw.subspan(32).data(), 32, nullptr));
  const EcdsaSignaturePtr signature(ECDSA_SIG_new());
  if (r == nullptr || s == nullptr || signature == nullptr ||
      ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1) {
    return OpensslError(Reason::kInternal, "hold a signature");
  }
  // ECDSA_SIG_set0 took both over.
  (void)r.release();
  (void)s.release();
  DerSignature der;
  std::uint8_t* out = der.bytes.data();
  const int size = i2d_ECDSA_SIG(signature.get(), nullptr);
  if (size <= 0 || static_cast<std::size_t>(size) > der.bytes.size() ||
      i2d_ECDSA_SIG(signature.get(), &out) != size) {
    return OpensslError(Reason::kInternal, "encode a signature");
  }
  der.size = static_cast<std::size_t>(size);
  return der;
}

}  // namespace

Result<EvpPkeyPtr> P256Key(std::span<const std::uint8_t, 64> point) {
  EvpPkeyPtr key(EVP_PKEY_new());
  if (key == nullptr || CurveTemplate() == nullptr ||
      EVP_PKEY_copy_parameters(key.get(), CurveTemplate()) != 1) {
    return OpensslError(Reason::kInternal, "prepare a P-256 key");
  }
  std::array<std::uint8_t, 65> encoded{POINT_CONVERSION_UNCOMPRESSED};
  std::copy(point.begin(), point.end(), encoded.begin() + 1);
  // Refuses coordinates of p and above and points off the curve.
  if (EVP_PKEY_set1_encoded_public_key(key.get(), encoded.data(),
                                       encoded.size()) != 1) {
    return OpensslError(Reason::kQuoteInvalid, "not a point of P-256");
  }
  return key;
}

Result<void> CheckP256Signature(EVP_PKEY* key,
                                std::span<const std::uint8_t> message,
                                std::span<const std::uint8_t, 64> signature) {
  if (!IsScalar(signature.first(32)) || !IsScalar(signature.subspan(32))) {
    return Error(Reason::kQuoteInvalid, "r or s is out of range");
  }
  ASSIGN_OR_RETURN(const DerSignature der, ToDer(signature));
  const DigestContextPtr context(EVP_MD_CTX_new());
  if (context == nullptr ||
      EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr,
                           key) != 1) {
    return OpensslError(Reason::kInternal, "prepare a signature check");
  }
  if (EVP_DigestVerify(context.get(), der.bytes.data(), der.size,
                       message.data(), message.size()) != 1) {
    ERR_clear_error();
    return Error(Reason::kQuoteInvalid, "the signature does not hold");
  }
  return {};
}

}  // namespace tdxvfs::verify
