// SPDX-License-Identifier: Apache-2.0
#include "common/openssl_error.h"

#include <string>

#include <openssl/err.h>

namespace tdxvfs {

Error OpensslError(Reason reason, std::string_view message, const char* file,
                   int line) {
  std::string text(message);
  std::string_view separator = ": ";
  while (const unsigned long code = ERR_get_error()) {
    const char* words = ERR_reason_error_string(code);
    text += separator;
    text += words != nullptr ? words : "unknown OpenSSL error";
    separator = "; ";
  }
  return {reason, std::move(text), file, line};
}

}  // namespace tdxvfs
