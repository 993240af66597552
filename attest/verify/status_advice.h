// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_ATTEST_VERIFY_STATUS_ADVICE_H_
#define TDXVFS_ATTEST_VERIFY_STATUS_ADVICE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "attest/tcb_status.h"
#include "attest/verify/isv_level.h"
#include "attest/verify/platform_level.h"

namespace tdxvfs::verify {

inline constexpr std::string_view kUpdateQe =
    "update the quoting enclave (QE) on the host";
inline constexpr std::string_view kUpdateModule =
    "update the host's TDX module";

// What keeps a platform and its components from being up to date, collected
// while their levels are looked up, and what its operator can do about the
// status that came out.
class StatusAdvice {
 public:
  // What keeps the platform below the best level.
  void AddPlatform(const std::vector<Shortfall>& shortfalls);
  // The level that an enclave or module has reached; nothing to say when it is
  // up to date.
  void AddIsv(std::string_view what, const IsvTcbLevel& reached,
              const std::vector<IsvTcbLevel>& levels, std::uint16_t isv_svn,
              std::string_view remedy);

  // "PCE SVN 11 is below 13; QE SVN 4 is below 8", or empty.
  std::string shortfall() const { return JoinTexts(shortfalls_); }
  // What to do; empty for kUpToDate.
  std::string Remedy(attest::TcbStatus status,
                     const std::vector<std::string>& advisory_ids) const;

 private:
  std::vector<Shortfall> shortfalls_;
};

}  // namespace tdxvfs::verify

#endif  // TDXVFS_ATTEST_VERIFY_STATUS_ADVICE_H_
