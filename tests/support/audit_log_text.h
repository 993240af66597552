// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_TESTS_SUPPORT_AUDIT_LOG_TEXT_H_
#define TDXVFS_TESTS_SUPPORT_AUDIT_LOG_TEXT_H_

#include <string>
#include <string_view>
#include <vector>

#include "common/audit_check.h"

namespace tdxvfs::testing {

// The lines of a file's content; a rest without a newline is one of its own.
inline std::vector<std::string> LinesOf(std::string_view content) {
  std::vector<std::string> lines;
  while (!content.empty()) {
    const std::size_t end = content.find('\n');
    lines.emplace_back(content.substr(0, end));
    content.remove_prefix(end == std::string_view::npos ? content.size()
                                                        : end + 1);
  }
  return lines;
}

// Checks the files of a log (their contents, oldest first).
inline audit::Verdict CheckLog(const std::vector<std::string>& files,
                               const std::vector<audit::PublicKey>& keys,
                               const std::vector<audit::Head>& heads = {},
                               bool whole = true) {
  audit::Check check(keys, whole);
  for (const audit::Head& head : heads) {
    check.Expect(head);
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    check.BeginFile("file " + std::to_string(i + 1));
    std::string_view content = files[i];
    for (std::size_t end = content.find('\n'); end != std::string_view::npos;
         end = content.find('\n')) {
      check.Line(content.substr(0, end));
      content.remove_prefix(end + 1);
    }
    if (!content.empty()) {
      check.EndsWithin(content.size());
    }
  }
  return check.Finish();
}

}  // namespace tdxvfs::testing

#endif  // TDXVFS_TESTS_SUPPORT_AUDIT_LOG_TEXT_H_
