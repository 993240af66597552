// SPDX-License-Identifier: Apache-2.0
#include "cli/check_table.h"

#include <string>
#include <utility>

namespace tdxvfs::cli {

TextTable CheckTable(const attest::Checks& checks) {
  TextTable table;
  for (const attest::Check& check : checks) {
    table.Row({check.passed ? "ok" : "FAILED", check.name,
               std::string(check.source)});
    if (!check.passed) {
      table.Row({"", "  expected", check.expected});
      table.Row({"", "  found", check.actual});
    }
  }
  return table;
}

attest::Checks ChecksOfRecord(const std::vector<JsonLeaf>& record) {
  attest::Checks checks;
  for (std::size_t index = 0;; ++index) {
    const std::string place = "checks[" + std::to_string(index) + "].";
    attest::Check check;
    check.name = LeafAt(record, place + "name");
    if (check.name.empty()) {
      return checks;
    }
    check.expected = LeafAt(record, place + "expected");
    check.actual = LeafAt(record, place + "actual");
    check.passed = LeafAt(record, place + "passed") == "true";
    check.source = LeafAt(record, place + "source");
    checks.push_back(std::move(check));
  }
}

}  // namespace tdxvfs::cli
