// SPDX-License-Identifier: Apache-2.0
#include "luks/image/source_date.h"

#include <stdlib.h>

#include <charconv>
#include <string>

namespace tdxvfs::image {
namespace {

constexpr std::size_t kMaxDigits = 18;  // below 2^63

}  // namespace

Result<std::optional<std::int64_t>> SourceDateEpoch() {
  const char* text = ::getenv("SOURCE_DATE_EPOCH");
  const std::string epoch = text == nullptr ? "" : text;
  if (epoch.find_first_not_of("0123456789") != std::string::npos ||
      epoch.size() > kMaxDigits) {
    return Error(Reason::kUsage,
                 "SOURCE_DATE_EPOCH is '" + epoch + "', no number of seconds");
  }
  std::optional<std::int64_t> seconds;
  if (!epoch.empty()) {
    seconds.emplace();
    (void)std::from_chars(epoch.data(), epoch.data() + epoch.size(), *seconds);
  }
  return seconds;
}

}  // namespace tdxvfs::image
