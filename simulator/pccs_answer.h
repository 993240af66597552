// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_SIMULATOR_PCCS_ANSWER_H_
#define TDXVFS_SIMULATOR_PCCS_ANSWER_H_

#include <map>
#include <string>
#include <string_view>

#include "common/result.h"
#include "simulator/pccs_content.h"

namespace tdxvfs::simulator {

// A request as the service sees it: path, and decoded parameters.
struct PccsRequest {
  std::string path;
  std::map<std::string, std::string> parameters;
};

struct PccsAnswer {
  unsigned status = 200;
  std::map<std::string, std::string> headers;
  std::string body;
};

// Answers as the caching service does (Intel PCS API v4 and PCCS): 200, 400 for
// a request that is wrong in itself, 404 for what there is not, 410 for a
// number that is no longer there. Fails with kInternal.
Result<PccsAnswer> AnswerPccs(const PccsContent& content,
                              const PccsRequest& request);

// Header values carry PEM percent-encoded; '+' stays as it is.
std::string PercentEncoded(std::string_view text);

}  // namespace tdxvfs::simulator

#endif  // TDXVFS_SIMULATOR_PCCS_ANSWER_H_
