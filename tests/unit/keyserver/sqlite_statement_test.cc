// SPDX-License-Identifier: Apache-2.0
#include "keyserver/keys/sqlite_statement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"

namespace tdxvfs::keyserver {
namespace {

using ::tdxvfs::testing::Checked;
using ::tdxvfs::testing::Fails;

constexpr std::string_view kQuery = "SELECT name FROM fruits WHERE name = ?";

class KeptStatementsTest : public ::testing::Test {
 protected:
  KeptStatementsTest() {
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open(":memory:", &database), SQLITE_OK);
    database_.reset(database);
    EXPECT_TRUE(Execute(database,
                        "CREATE TABLE fruits(name TEXT);"
                        "INSERT INTO fruits VALUES('apple'), ('pear')")
                    .has_value());
  }
  int Statements() const {
    int count = 0;
    for (sqlite3_stmt* each = sqlite3_next_stmt(database_.get(), nullptr);
         each != nullptr; each = sqlite3_next_stmt(database_.get(), each)) {
      ++count;
    }
    return count;
  }
  bool Finds(KeptStatements* kept, std::string_view name) {
    auto query = Checked(kept->Prepare(kQuery));
    return Checked(query.Bind(name).Step());
  }

  SqlitePtr database_;
};

TEST_F(KeptStatementsTest, OneStatementServesEveryUse) {
  KeptStatements kept(database_.get());
  EXPECT_TRUE(Finds(&kept, "apple"));
  EXPECT_FALSE(Finds(&kept, "plum"));
  EXPECT_TRUE(Finds(&kept, "pear"));
  EXPECT_EQ(Statements(), 1);
}

TEST_F(KeptStatementsTest, NothingStaysBoundAndNothingRuns) {
  KeptStatements kept(database_.get());
  EXPECT_TRUE(Finds(&kept, "apple"));
  EXPECT_EQ(sqlite3_stmt_busy(sqlite3_next_stmt(database_.get(), nullptr)), 0);
  auto query = Checked(kept.Prepare(kQuery));
  EXPECT_FALSE(Checked(query.Step())) << "the text of the use before";
}

TEST_F(KeptStatementsTest, WhatCannotBeWrittenIsNoDefect) {
  ASSERT_TRUE(Execute(database_.get(), "PRAGMA query_only = 1").has_value());
  EXPECT_THAT(Execute(database_.get(), "DELETE FROM fruits"),
              Fails(Reason::kFileUnwritable));
}

TEST_F(KeptStatementsTest, TwoAtOnceDoNotDisturbEachOther) {
  KeptStatements kept(database_.get());
  auto all = Checked(kept.Prepare("SELECT name FROM fruits ORDER BY name"));
  ASSERT_TRUE(Checked(all.Step()));
  {
    auto again = Checked(kept.Prepare("SELECT name FROM fruits ORDER BY name"));
    ASSERT_TRUE(Checked(again.Step()));
    EXPECT_EQ(again.Text(0), "apple");
  }
  ASSERT_TRUE(Checked(all.Step()));
  EXPECT_EQ(all.Text(0), "pear");
}

TEST_F(KeptStatementsTest, AChangedTableIsSeen) {
  KeptStatements kept(database_.get());
  EXPECT_TRUE(Finds(&kept, "apple"));
  EXPECT_TRUE(Execute(database_.get(),
                      "DROP TABLE fruits; CREATE TABLE fruits(name TEXT)")
                  .has_value());
  EXPECT_FALSE(Finds(&kept, "apple"));
}

TEST_F(KeptStatementsTest, WhatDoesNotCompileSaysWhy) {
  KeptStatements kept(database_.get());
  const auto wrong = kept.Prepare("SELECT price FROM fruits");
  ASSERT_FALSE(wrong.has_value());
  EXPECT_THAT(wrong.error().message(), ::testing::HasSubstr("price"));
  EXPECT_EQ(Statements(), 0);
}

}  // namespace
}  // namespace tdxvfs::keyserver
