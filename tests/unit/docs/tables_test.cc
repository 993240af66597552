// SPDX-License-Identifier: Apache-2.0
// The reason table and the event table against the pages that document them,
// both ways.
#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "common/error.h"
#include "common/event.h"
#include "common/file.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs {
namespace {

std::string Document(const std::string& name) {
  auto text =
      ReadFile(TDXVFS_SOURCE_DIR "/docs/" + name, std::size_t{1024} * 1024);
  EXPECT_THAT(text, ::tdxvfs::testing::Succeeds());
  return text.has_value() ? *text : "";
}

// First cell, without its back quotes, and the whole row of every table row
// that starts with a quoted word.
std::map<std::string, std::string> TableRows(const std::string& document) {
  std::map<std::string, std::string> rows;
  std::istringstream lines(Document(document));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("| `")) {
      continue;
    }
    const std::size_t end = line.find('`', 3);
    const std::string name = line.substr(3, end - 3);
    EXPECT_TRUE(rows.emplace(name, line).second) << name << " has two rows";
  }
  return rows;
}

const std::map<int, std::string>& GrpcNames() {
  static const std::map<int, std::string> names = {
      {1, "CANCELLED"},          {3, "INVALID_ARGUMENT"},
      {4, "DEADLINE_EXCEEDED"},  {5, "NOT_FOUND"},
      {6, "ALREADY_EXISTS"},     {7, "PERMISSION_DENIED"},
      {8, "RESOURCE_EXHAUSTED"}, {9, "FAILED_PRECONDITION"},
      {12, "UNIMPLEMENTED"},     {13, "INTERNAL"},
      {14, "UNAVAILABLE"},       {16, "UNAUTHENTICATED"}};
  return names;
}

std::string RowOf(const ReasonInfo& info) {
  return "| `" + std::string(info.slug) + "` | " +
         std::to_string(info.exit_code) + " | " +
         std::string(RetryName(info.retry)) + " | " +
         GrpcNames().at(info.grpc_code) + " | " + std::string(info.hint) +
         (info.hint.empty() ? "|" : " |");
}

TEST(ReasonsPage, HasTheTableOfTheCode) {
  std::map<std::string, std::string> rows = TableRows("reasons.md");
  for (std::size_t i = 0; i < kReasonCount; ++i) {
    const ReasonInfo& info = InfoOf(static_cast<Reason>(i));
    const std::string slug(info.slug);
    EXPECT_EQ(rows[slug], RowOf(info)) << "put this row into docs/reasons.md";
    rows.erase(slug);
  }
  for (const auto& [slug, row] : rows) {
    ADD_FAILURE() << "docs/reasons.md has a reason that is none: " << slug;
  }
}

// The slugs that a manual page lists under EXIT STATUS, with their code:
//   .TP
//   .B 2
//   usage, config\-invalid, ...
std::set<std::pair<std::string, int>> ExitStatusOf(const std::string& page) {
  std::set<std::pair<std::string, int>> listed;
  std::istringstream lines(Document("man/" + page));
  bool inside = false;
  int code = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(".SH")) {
      inside = line == ".SH EXIT STATUS";
    } else if (inside && line.starts_with(".B ")) {
      code = std::stoi(line.substr(3));
    } else if (inside && code != 0 && !line.starts_with('.')) {
      std::erase(line, '\\');
      std::replace(line.begin(), line.end(), ',', ' ');
      std::istringstream words(line);
      for (std::string word; words >> word;) {
        listed.emplace(word, code);
      }
    }
  }
  return listed;
}

TEST(ManualPage, ListsEveryReasonUnderItsExitCode) {
  auto listed = ExitStatusOf("tdxvfs-agent.8");
  for (std::size_t i = 0; i < kReasonCount; ++i) {
    const ReasonInfo& info = InfoOf(static_cast<Reason>(i));
    EXPECT_EQ(listed.erase({std::string(info.slug), info.exit_code}), 1U)
        << "docs/man/tdxvfs-agent.8, EXIT STATUS, lacks " << info.slug
        << " under " << info.exit_code;
  }
  for (const auto& [slug, code] : listed) {
    ADD_FAILURE() << "docs/man/tdxvfs-agent.8 lists what is no reason: "
                  << slug;
  }
}

TEST(EventsPage, HasTheTableOfTheCode) {
  std::map<std::string, std::string> rows = TableRows("events.md");
  for (const EventInfo& info : AllEvents()) {
    const std::string slug(info.slug);
    EXPECT_EQ(rows[slug],
              "| `" + slug + "` | " + std::string(info.meaning) + " |")
        << "put this row into docs/events.md";
    rows.erase(slug);
  }
  for (const auto& [slug, row] : rows) {
    ADD_FAILURE() << "docs/events.md has an event that is none: " << slug;
  }
}

}  // namespace
}  // namespace tdxvfs
