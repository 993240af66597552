// SPDX-License-Identifier: Apache-2.0
#include "attest/pck_cert_id.h"

#include <algorithm>
#include <span>
#include <string>

namespace tdxvfs::attest {
namespace {

constexpr std::uint16_t kClearPpid = 1;
// CPUSVN, PCESVN and PCEID.
constexpr std::size_t kRest = 16 + 2 + 2;

// Of the PPID, by certification data type; 0 for a type without one.
std::size_t PpidSize(std::uint16_t type) {
  constexpr std::array<std::size_t, 4> sizes = {0, 16, 256, 384};
  return type < sizes.size() ? sizes.at(type) : 0;
}

template <std::size_t kSize>
ByteArray<kSize> Take(std::span<const std::uint8_t>& bytes) {
  ByteArray<kSize> taken{};
  std::ranges::copy(bytes.first(kSize), taken.begin());
  bytes = bytes.subspan(kSize);
  return taken;
}

}  // namespace

Result<PckCertId> ReadPckCertId(const Quote& quote) {
  const std::uint16_t type = quote.certification_type;
  const std::size_t ppid_size = PpidSize(type);
  std::span<const std::uint8_t> data = quote.certification_data;
  if (ppid_size == 0 || data.size() != ppid_size + kRest) {
    return Error(Reason::kQuoteInvalid,
                 "certification data of type " + std::to_string(type) +
                     " has " + std::to_string(data.size()) +
                     " bytes, which are no PPID, CPUSVN, PCESVN and PCEID");
  }
  PckCertId id;
  id.type = type;
  std::ranges::copy(std::span(quote.user_data).first(id.qe_id.size()),
                    id.qe_id.begin());
  if (type == kClearPpid) {
    id.ppid = Take<16>(data);
  } else {
    const auto encrypted = data.first(ppid_size);
    id.encrypted_ppid.assign(encrypted.begin(), encrypted.end());
    data = data.subspan(ppid_size);
  }
  id.cpu_svn = Take<16>(data);
  id.pce_svn = Take<2>(data);
  id.pce_id = Take<2>(data);
  return id;
}

}  // namespace tdxvfs::attest
