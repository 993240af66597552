// SPDX-License-Identifier: Apache-2.0
#include "bench/floor_work.h"

#include <stdio.h>
#include <stdlib.h>

#include <utility>

#include <openssl/ec.h>
#include <openssl/evp.h>

namespace tdxvfs::bench {
namespace {

void Must(bool condition, const char* what) {
  if (!condition) {
    (void)fprintf(stderr, "floor: %s failed\n", what);
    exit(1);
  }
}

}  // namespace

FloorWork::FloorWork() : key_(EVP_EC_gen("P-256")) {
  auto guest = X25519KeyPair::Generate();
  Must(key_ != nullptr && guest.has_value(), "making keys");
  guest_ = *std::move(guest);
  const DigestContextPtr context(EVP_MD_CTX_new());
  std::size_t size = 0;
  Must(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr,
                          key_.get()) == 1 &&
           EVP_DigestSign(context.get(), nullptr, &size, signed_.data(),
                          signed_.size()) == 1,
       "sizing a signature");
  signature_.resize(size);
  Must(EVP_DigestSign(context.get(), signature_.data(), &size, signed_.data(),
                      signed_.size()) == 1,
       "signing");
  signature_.resize(size);
}

void FloorWork::Run() const {
  const DigestContextPtr context(EVP_MD_CTX_new());
  Must(EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr,
                            key_.get()) == 1 &&
           EVP_DigestVerify(context.get(), signature_.data(), signature_.size(),
                            signed_.data(), signed_.size()) == 1,
       "verifying");
  const auto ours = X25519KeyPair::Generate();
  Must(ours.has_value() &&
           X25519(*ours, guest_.public_key, Reason::kInternal).has_value(),
       "agreeing on a secret");
}

}  // namespace tdxvfs::bench
