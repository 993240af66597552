// SPDX-License-Identifier: Apache-2.0
#include "keyserver/served_certificates.h"

#include <algorithm>

namespace tdxvfs::keyserver {

void ServedCertificates::Replace(const Sha256Digest& leaf) {
  const std::lock_guard lock(mutex_);
  const auto now = clock_->Steady();
  std::erase_if(replaced_,
                [now](const Replaced& old) { return now > old.until; });
  if (leaf == leaf_) {
    return;
  }
  replaced_.push_back({leaf_, now + longest_connection_});
  leaf_ = leaf;
}

bool ServedCertificates::Accepts(const Sha256Digest& digest) const {
  const std::lock_guard lock(mutex_);
  const auto now = clock_->Steady();
  return digest == leaf_ ||
         std::ranges::any_of(replaced_, [&](const Replaced& old) {
           return digest == old.leaf && now <= old.until;
         });
}

Sha256Digest ServedCertificates::current() const {
  const std::lock_guard lock(mutex_);
  return leaf_;
}

}  // namespace tdxvfs::keyserver
