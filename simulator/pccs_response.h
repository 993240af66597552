// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_SIMULATOR_PCCS_RESPONSE_H_
#define TDXVFS_SIMULATOR_PCCS_RESPONSE_H_

#include <microhttpd.h>

#include <memory>

#include "common/owned_openssl.h"
#include "simulator/pccs_answer.h"

namespace tdxvfs::simulator {

using PccsResponsePtr =
    std::unique_ptr<MHD_Response, FreeWith<MHD_destroy_response>>;

// The answer for the HTTP server; `truncated` declares the whole body and ends
// the connection after half of it. Null when there is no memory.
PccsResponsePtr MakePccsResponse(const PccsAnswer& answer, bool truncated);

}  // namespace tdxvfs::simulator

#endif  // TDXVFS_SIMULATOR_PCCS_RESPONSE_H_
