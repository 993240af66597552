// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COMMON_OPENSSL_ERROR_H_
#define TDXVFS_COMMON_OPENSSL_ERROR_H_

#include <string_view>

#include "common/error.h"

namespace tdxvfs {

// An error with OpenSSL's own words: "MESSAGE: reason; reason". Empties this
// thread's OpenSSL error queue.
Error OpensslError(Reason reason, std::string_view message,
                   const char* file = __builtin_FILE(),
                   int line = __builtin_LINE());

}  // namespace tdxvfs

#endif  // TDXVFS_COMMON_OPENSSL_ERROR_H_
