// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_SIMULATOR_MEASUREMENT_OPTIONS_H_
#define TDXVFS_SIMULATOR_MEASUREMENT_OPTIONS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "attest/quote.h"
#include "common/result.h"

namespace tdxvfs::simulator {

// Members of a TD report that the command line can set, without the dashes:
// "mr-td", "rtmr0", ...
const std::vector<std::string>& MeasurementNames();

// GoodTdReport() with these members replaced, each as hex of its exact size.
// Fails with kUsage naming the option.
Result<attest::TdReport> TdReportFromOptions(
    const std::map<std::string, std::string>& values);

}  // namespace tdxvfs::simulator

#endif  // TDXVFS_SIMULATOR_MEASUREMENT_OPTIONS_H_
