// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_SIMULATOR_GUEST_QUOTER_H_
#define TDXVFS_SIMULATOR_GUEST_QUOTER_H_

#include <filesystem>

#include "common/result.h"
#include "simulator/quote_answerer.h"

namespace tdxvfs::simulator {

// Serves the pretend TDX device of simulator/kernel: reads one TDREPORT at a
// time from `device` and writes the quote, or a negative errno, back. Returns
// only on failure; a signal ends the program.
Result<void> ServeGuestDevice(const std::filesystem::path& device,
                              QuoteAnswerer& answerer);

}  // namespace tdxvfs::simulator

#endif  // TDXVFS_SIMULATOR_GUEST_QUOTER_H_
