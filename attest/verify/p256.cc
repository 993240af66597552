// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/p256.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>
#include <vector>

#include <openssl/ec.h>
#include <openssl/err.h>

#include "attest/verify/der_reader.h"
#include "common/openssl_error.h"
#include "common/sha256.h"

namespace tdxvfs::verify {
namespace {

// The order n of the P-256 group (FIPS 186-4, D.1.2.3).
constexpr std::array<std::uint8_t, 32> kOrder = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
    0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

// Parameters of the curve in a key object. Copying them costs a quarter of
// what building a key from named parameters does.
const EvpPkeyPtr& CurveTemplate() {
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
  return parameters;
}

// Keys that nobody uses any more, for other points: setting a point costs an
// eighth of what a copy of the curve costs. Thread-safe.
class SpareKeys {
 public:
  EvpPkeyPtr Take() {
    const std::scoped_lock lock(mutex_);
    if (keys_.empty()) {
      return nullptr;
    }
    EvpPkeyPtr key = std::move(keys_.back());
    keys_.pop_back();
    return key;
  }
  void Give(EvpPkeyPtr key) noexcept {
    const std::scoped_lock lock(mutex_);
    if (key != nullptr && keys_.size() < kMost) {
      keys_.push_back(std::move(key));
    }
  }

 private:
  static constexpr std::size_t kMost = 16;

  std::mutex mutex_;
  std::vector<EvpPkeyPtr> keys_;
};

// Outlives every key, also those in static variables.
SpareKeys& Spares() {
  static auto* const spares = new SpareKeys();
  return *spares;
}

// The point that a spare key still has is replaced or, where that fails, the
// key is dropped.
EvpPkeyPtr KeyWithoutPoint() {
  if (EvpPkeyPtr spare = Spares().Take(); spare != nullptr) {
    return spare;
  }
  const EvpPkeyPtr& curve = CurveTemplate();
  return EvpPkeyPtr(curve == nullptr ? nullptr : EVP_PKEY_dup(curve.get()));
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

  void Append(std::uint8_t byte) { bytes.at(size++) = byte; }
};

// A positive number in its shortest form, a zero before a set top bit.
void AppendInteger(std::span<const std::uint8_t> number, DerSignature& der) {
  while (number.size() > 1 && number[0] == 0) {
    number = number.subspan(1);
  }
  const bool padded = (number[0] & 0x80U) != 0;
  der.Append(static_cast<std::uint8_t>(DerTag::kInteger));
  der.Append(static_cast<std::uint8_t>(number.size() + (padded ? 1 : 0)));
  if (padded) {
    der.Append(0);
  }
  for (const std::uint8_t byte : number) {
    der.Append(byte);
  }
}

DerSignature ToDer(std::span<const std::uint8_t, 64> raw) {
  DerSignature der;
  der.Append(static_cast<std::uint8_t>(DerTag::kSequence));
  der.Append(0);
  AppendInteger(raw.first(32), der);
  AppendInteger(raw.subspan(32), der);
  der.bytes[1] = static_cast<std::uint8_t>(der.size - 2);
  return der;
}

// An INTEGER of at most 32 bytes into `out`, from the right.
Result<void> ReadScalar(DerReader& reader, std::span<std::uint8_t, 32> out) {
  ASSIGN_OR_RETURN(auto number, reader.Next(DerTag::kInteger));
  const bool is_shortest =
      number.size() < 2 || number[0] != 0 || (number[1] & 0x80U) != 0;
  if (number.empty() || (number[0] & 0x80U) != 0 || !is_shortest) {
    return Error(Reason::kQuoteInvalid, "r or s is malformed");
  }
  if (number[0] == 0) {
    number = number.subspan(1);
  }
  if (number.size() > out.size()) {
    return Error(Reason::kQuoteInvalid, "r or s is out of range");
  }
  std::copy_backward(number.begin(), number.end(), out.end());
  return {};
}

}  // namespace

P256Key& P256Key::operator=(P256Key&& other) noexcept {
  if (this != &other) {
    Retire();
    key_ = std::move(other.key_);
    prepared_ = std::move(other.prepared_);
  }
  return *this;
}

void P256Key::Retire() noexcept {
  prepared_.reset();
  Spares().Give(std::move(key_));
}

Result<P256Key> P256Key::FromPoint(std::span<const std::uint8_t, 64> point) {
  EvpPkeyPtr key = KeyWithoutPoint();
  if (key == nullptr) {
    return OpensslError(Reason::kInternal, "prepare a P-256 key");
  }
  std::array<std::uint8_t, 65> encoded{POINT_CONVERSION_UNCOMPRESSED};
  std::copy(point.begin(), point.end(), encoded.begin() + 1);
  // Refuses coordinates of p and above and points off the curve.
  if (EVP_PKEY_set1_encoded_public_key(key.get(), encoded.data(),
                                       encoded.size()) != 1) {
    return OpensslError(Reason::kQuoteInvalid, "not a point of P-256");
  }
  PkeyContextPtr prepared(EVP_PKEY_CTX_new(key.get(), nullptr));
  if (prepared == nullptr || EVP_PKEY_verify_init(prepared.get()) != 1) {
    return OpensslError(Reason::kInternal, "prepare a signature check");
  }
  return P256Key(std::move(key), std::move(prepared));
}

Result<std::array<std::uint8_t, 64>> ReadSignatureBits(
    std::span<const std::uint8_t> bits) {
  if (bits.empty() || bits[0] != 0) {
    return Error(Reason::kQuoteInvalid, "signature is not whole bytes");
  }
  DerReader whole(bits.subspan(1));
  ASSIGN_OR_RETURN(const auto contents, whole.Next(DerTag::kSequence));
  RETURN_IF_ERROR(whole.ExpectEnd());
  DerReader numbers(contents);
  std::array<std::uint8_t, 64> raw{};
  const std::span<std::uint8_t, 64> out(raw);
  RETURN_IF_ERROR(ReadScalar(numbers, out.first<32>()));
  RETURN_IF_ERROR(ReadScalar(numbers, out.last<32>()));
  RETURN_IF_ERROR(numbers.ExpectEnd());
  return raw;
}

Result<void> P256Key::CheckSignature(
    std::span<const std::uint8_t> message,
    std::span<const std::uint8_t, 64> signature) const {
  if (!IsScalar(signature.first(32)) || !IsScalar(signature.subspan(32))) {
    return Error(Reason::kQuoteInvalid, "r or s is out of range");
  }
  const DerSignature der = ToDer(signature);
  ASSIGN_OR_RETURN(const Sha256Digest digest, Sha256(message));
  const PkeyContextPtr context(
      prepared_ == nullptr ? nullptr : EVP_PKEY_CTX_dup(prepared_.get()));
  if (context == nullptr) {
    return OpensslError(Reason::kInternal, "prepare a signature check");
  }
  if (EVP_PKEY_verify(context.get(), der.bytes.data(), der.size, digest.data(),
                      digest.size()) != 1) {
    ERR_clear_error();
    return Error(Reason::kQuoteInvalid, "the signature does not hold");
  }
  return {};
}

}  // namespace tdxvfs::verify
