// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_QUOTE_FIELDS_H_
#define TDXVFS_CLI_QUOTE_FIELDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "attest/quote.h"

namespace tdxvfs::cli {

// One field of a quote by its specification's name; bytes as lower-case hex.
struct QuoteField {
  enum class Kind : std::uint8_t { kText, kNumber, kList, kNone };
  std::string name;
  std::vector<std::string> values;  // none for kNone, one but for kList
  Kind kind = Kind::kText;
};

// Every field of a quote, in its order.
std::vector<QuoteField> FieldsOf(const attest::Quote& quote);

// What the quote's PCK certificate says about the platform; every field is
// kNone when the quote carries no certificate that can be read.
std::vector<QuoteField> PlatformFieldsOf(const attest::Quote& quote);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_QUOTE_FIELDS_H_
