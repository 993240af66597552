// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_TEXT_TABLE_H_
#define TDXVFS_CLI_TEXT_TABLE_H_

#include <string>
#include <vector>

namespace tdxvfs::cli {

// Rows of text in columns for people. Every cell is made safe for a terminal.
class TextTable {
 public:
  TextTable() = default;
  explicit TextTable(std::vector<std::string> heading) {
    Row(std::move(heading));
  }

  TextTable& Row(std::vector<std::string> cells);
  // The lines: columns padded with spaces to their widest cell, two spaces
  // between them, nothing behind the last.
  std::string Text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_TEXT_TABLE_H_
