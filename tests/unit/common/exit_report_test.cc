// SPDX-License-Identifier: Apache-2.0
#include "common/exit_report.h"

#include <utility>

#include <gtest/gtest.h>

namespace tdxvfs {
namespace {

TEST(ExitReport, NamesProgramContextMessageAndHint) {
  Error error(Reason::kServerOverloaded, "too many streams");
  error.AddContext("unlock volume 'data'");
  EXPECT_EQ(ExitReport("tdxvfs-agent", error, ReportFormat::kText),
            "tdxvfs-agent: error: unlock volume 'data': too many streams\n"
            "tdxvfs-agent: hint: the key server asks to come back later\n");
}

TEST(ExitReport, LeavesTheHintOutWhenThereIsNone) {
  const Error error(Reason::kFileNotFound, "file 'x': No such file");
  EXPECT_EQ(ExitReport("tdxvfs", error, ReportFormat::kText),
            "tdxvfs: error: file 'x': No such file\n");
}

TEST(ExitReport, GivesTheAuditIdOfARefusal) {
  const Error error =
      Error(Reason::kOutcomeInvalid, "refused").WithAuditId("7f3c-91");
  EXPECT_EQ(ExitReport("tdxvfs", error, ReportFormat::kText),
            "tdxvfs: error: refused (audit id 7f3c-91)\n");
  EXPECT_EQ(ExitReport("tdxvfs", error, ReportFormat::kJson),
            "{\"reason\":\"outcome-invalid\",\"message\":\"refused\","
            "\"hint\":null,\"audit_id\":\"7f3c-91\"}\n");
}

TEST(ExitReport, SendsNobodyToTheOperatorWithoutAnAuditId) {
  const Error local(Reason::kRefusedByPolicy, "refused");
  EXPECT_EQ(ExitReport("tdxvfs", local, ReportFormat::kText),
            "tdxvfs: error: refused\n");
  const Error remote =
      Error(Reason::kRefusedByPolicy, "refused").WithAuditId("7f3c-91");
  EXPECT_EQ(ExitReport("tdxvfs", remote, ReportFormat::kText),
            "tdxvfs: error: refused (audit id 7f3c-91)\n"
            "tdxvfs: hint: ask the operator of the key server about the audit "
            "id\n");
}

TEST(ExitReport, KeepsControlCharactersOffTheTerminal) {
  const Error error(Reason::kFileNotFound, "file 'a\n\x1b[2Jb\x7f'");
  EXPECT_EQ(ExitReport("tdxvfs", error, ReportFormat::kText),
            "tdxvfs: error: file 'a\\x0a\\x1b[2Jb\\x7f'\n");
}

TEST(ExitReport, ExitCodeIsTheFamilyOfTheReason) {
  EXPECT_EQ(ReportAndExitCode("tdxvfs", Error(Reason::kQuoteInvalid, "x"),
                              ReportFormat::kText),
            5);
}

}  // namespace
}  // namespace tdxvfs
