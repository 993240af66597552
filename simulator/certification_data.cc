// SPDX-License-Identifier: Apache-2.0
#include "simulator/certification_data.h"

#include <span>
#include <string>

#include <openssl/rand.h>

#include "common/hex.h"
#include "common/openssl_error.h"

namespace tdxvfs::simulator {
namespace {

constexpr std::size_t kRsa2048 = 256;  // bytes
constexpr std::size_t kRsa3072 = 384;

Result<Bytes> ChainText(const Pki& pki) {
  ASSIGN_OR_RETURN(const std::string chain, pki.ChainPem());
  const auto text = AsBytes(chain);
  Bytes data(text.begin(), text.end());
  // Quoting libraries count the terminator of the text in.
  data.push_back(0);
  return data;
}

}  // namespace

Result<Bytes> MakeCertificationData(const Pki& pki, std::uint16_t type) {
  if (type == kPemPckChain) {
    return ChainText(pki);
  }
  if (type < 1 || type > 3) {
    return Error(Reason::kUsage, "no certification data of type " +
                                     std::to_string(type) + " is made");
  }
  ASSIGN_OR_RETURN(const Platform platform, PlatformOf(pki.leaf()));
  Bytes data(type == 2 ? kRsa2048 : kRsa3072);
  if (type == 1) {
    data.assign(platform.ppid.begin(), platform.ppid.end());
  } else if (RAND_bytes(data.data(), static_cast<int>(data.size())) != 1) {
    return OpensslError(Reason::kInternal, "make an encrypted PPID");
  }
  data.insert(data.end(), platform.tcb_components.begin(),
              platform.tcb_components.end());
  data.push_back(static_cast<std::uint8_t>(platform.pce_svn));
  data.push_back(static_cast<std::uint8_t>(platform.pce_svn >> 8U));
  data.insert(data.end(), platform.pce_id.begin(), platform.pce_id.end());
  return data;
}

}  // namespace tdxvfs::simulator
