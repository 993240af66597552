// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_AUDIT_READABLE_LINE_H_
#define TDXVFS_KEYSERVER_AUDIT_READABLE_LINE_H_

#include <cstddef>
#include <optional>
#include <string_view>

#include "keyserver/audit/audit_record.h"

namespace tdxvfs::keyserver {

// The head of a decision or an outcome; nothing for a line about the log
// itself. A line that is none of these was damaged: nothing either, and
// `damaged` counts it. Whether a line is what was written is not asked, that
// takes the whole chain.
std::optional<AuditLineHead> ReadLine(std::string_view line,
                                      std::size_t* damaged);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_AUDIT_READABLE_LINE_H_
