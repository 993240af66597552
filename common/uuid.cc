// SPDX-License-Identifier: Apache-2.0
#include "common/uuid.h"

#include <algorithm>

namespace tdxvfs {

bool IsUuid(std::string_view text) {
  constexpr std::string_view shape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  return std::ranges::equal(text, shape, [](char c, char form) {
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    return form == '-' ? c == '-' : hex;
  });
}

}  // namespace tdxvfs
