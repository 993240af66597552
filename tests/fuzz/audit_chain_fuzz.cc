// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/audit_check.h"
#include "common/hex.h"

namespace {

// Of the log in the seed corpus, whose heads hold.
constexpr tdxvfs::audit::PublicKey::Bytes kKey = {
    0x12, 0x2f, 0x1c, 0xc3, 0x0b, 0xed, 0xfd, 0x06, 0x85, 0xb3, 0xbb,
    0xb2, 0x8a, 0x95, 0x42, 0x3f, 0x07, 0x4f, 0xeb, 0x57, 0x93, 0x4f,
    0x89, 0x1d, 0x66, 0x83, 0x07, 0xd7, 0xa0, 0xd2, 0xaa, 0xf6};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  tdxvfs::audit::Check check({tdxvfs::audit::PublicKey(kKey)}, size % 2 == 0);
  std::string_view rest = tdxvfs::AsText({data, size});
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    check.Line(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  (void)check.Finish();
  return 0;
}
