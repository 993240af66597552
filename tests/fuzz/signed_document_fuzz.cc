// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "attest/verify/qe_identity.h"
#include "attest/verify/signed_document.h"
#include "attest/verify/tcb_info.h"
#include "common/hex.h"

// Whatever opens is handed on, as if its signature had held.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using namespace tdxvfs;  // NOLINT(google-build-using-namespace): one function
  const std::string_view text = AsText(std::span(data, size));
  for (const std::string_view name : {"tcbInfo", "enclaveIdentity"}) {
    const auto document = verify::OpenSignedDocument(text, name);
    if (!document.has_value()) {
      continue;
    }
    const std::string_view inner = document->signed_bytes;
    if (!inner.starts_with('{') || !inner.ends_with('}')) {
      std::abort();
    }
    (void)verify::ParseTcbInfo(inner);
    (void)verify::ParseQeIdentity(inner);
  }
  return 0;
}
