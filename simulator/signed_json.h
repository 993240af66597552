// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_SIMULATOR_SIGNED_JSON_H_
#define TDXVFS_SIMULATOR_SIGNED_JSON_H_

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/owned_openssl.h"
#include "common/result.h"

namespace tdxvfs::simulator {

// Replaces the first occurrence of some text of a document, for whatever its
// specification has no member.
struct JsonEdit {
  std::string from;
  std::string to;
};

// How a signed document is put together: the inner object is edited, signed,
// wrapped, and edited again.
struct SigningSpec {
  std::vector<JsonEdit> before_signing;  // of the inner object
  std::vector<JsonEdit> after_signing;   // of the whole answer
};

// Fails with kUsage when an edit's text is not there: a test that changes
// nothing would prove nothing.
Result<std::string> ApplyEdits(std::string text,
                               const std::vector<JsonEdit>& edits);

// Digits in capitals, as Intel writes them.
std::string UpperHex(std::span<const std::uint8_t> bytes);

// `YYYY-MM-DDThh:mm:ssZ`, the only form that these documents know.
std::string DocumentTime(std::chrono::system_clock::time_point time);

// `{"MEMBER":INNER,"signature":"HEX"}`, as the provisioning certification
// service answers, signed by this key.
Result<std::string> SignDocument(std::string_view member, std::string inner,
                                 const SigningSpec& spec, EVP_PKEY* key);

}  // namespace tdxvfs::simulator

#endif  // TDXVFS_SIMULATOR_SIGNED_JSON_H_
