// SPDX-License-Identifier: Apache-2.0
// Each threat has one row in docs/threat-model.md, and each test that a row
// names is there.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tdxvfs {
namespace {

namespace fs = std::filesystem;

const fs::path kTree = TDXVFS_SOURCE_DIR;

std::string TextOf(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Row {
  std::string id;
  std::string proof;  // the last cell
};

// The rows that start with an id: | A1 | attack | check | proof |
std::vector<Row> Rows() {
  std::vector<Row> rows;
  std::istringstream lines(TextOf(kTree / "docs/threat-model.md"));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t end = line.find(" |", 2);
    const bool has_id = line.size() > 3 && line.starts_with("| ") &&
                        std::string("ADG").find(line[2]) != std::string::npos &&
                        isdigit(static_cast<unsigned char>(line[3])) != 0;
    if (has_id && end != std::string::npos && line.ends_with(" |")) {
      const std::size_t last = line.rfind("| ", line.size() - 2);
      rows.push_back({line.substr(2, end - 2), line.substr(last + 2)});
    }
  }
  return rows;
}

// Words in back quotes.
std::vector<std::string> Quoted(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t at = text.find('`'); at != std::string::npos;) {
    const std::size_t end = text.find('`', at + 1);
    if (end == std::string::npos) {
      break;
    }
    words.push_back(text.substr(at + 1, end - at - 1));
    at = text.find('`', end + 1);
  }
  return words;
}

// Everything below tests/ that can hold the name of a test.
std::string AllTests() {
  std::string all;
  for (const auto& entry : fs::recursive_directory_iterator(kTree / "tests")) {
    const fs::path extension = entry.path().extension();
    if (extension == ".cc" || extension == ".py" || extension == ".bats" ||
        extension == ".sh") {
      all += entry.path().filename().string() + "\n" + TextOf(entry.path());
    }
  }
  // The formatter may break a line between suite and name.
  std::string joined;
  for (const char c : all) {
    if (c != '\n' || !joined.ends_with(",")) {
      joined += c;
    }
  }
  return joined;
}

bool IsThere(const std::string& all, const std::string& test) {
  const std::size_t dot = test.find('.');
  if (test.ends_with(".py") || test.ends_with(".sh") ||
      test.ends_with(".bats") || dot == std::string::npos) {
    return all.find(test) != std::string::npos;
  }
  const std::string name = test.substr(dot + 1);
  for (std::size_t at = all.find("(" + test.substr(0, dot) + ",");
       at != std::string::npos;
       at = all.find("(" + test.substr(0, dot) + ",", at + 1)) {
    const std::size_t start = all.find_first_not_of(' ', all.find(',', at) + 1);
    if (all.compare(start, name.size() + 1, name + ")") == 0) {
      return true;
    }
  }
  return false;
}

TEST(ThreatModel, HasOneRowForEachThreat) {
  std::map<std::string, int> seen;
  for (const Row& row : Rows()) {
    EXPECT_EQ(++seen[row.id], 1) << row.id;
  }
  const std::map<char, int> sizes = {{'A', 18}, {'D', 15}, {'G', 8}};
  for (const auto& [letter, count] : sizes) {
    for (int number = 1; number <= count; ++number) {
      EXPECT_TRUE(seen.contains(letter + std::to_string(number)))
          << letter << number << " has no row";
    }
  }
}

TEST(ThreatModel, NamesTestsThatExist) {
  const std::string all = AllTests();
  for (const Row& row : Rows()) {
    const std::vector<std::string> tests = Quoted(row.proof);
    EXPECT_TRUE(!tests.empty() ||
                row.proof.find("later release") != std::string::npos ||
                row.proof.find("documented") != std::string::npos)
        << row.id << " names neither a test nor a later release";
    for (const std::string& test : tests) {
      EXPECT_TRUE(IsThere(all, test)) << row.id << ": " << test;
    }
  }
}

}  // namespace
}  // namespace tdxvfs
