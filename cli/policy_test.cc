// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include "cli/admin_client.h"
#include "cli/audit_filter.h"
#include "cli/commands.h"
#include "cli/damaged_records.h"
#include "cli/policy_file.h"
#include "cli/text_table.h"
#include "common/json_text.h"

namespace tdxvfs::cli {
namespace {

struct Options {
  std::string file;
  std::string against;
  AuditFilterOptions filter;
  std::string server;
};

// How many decisions a policy changes, and which way.
struct Count {
  std::size_t replayed = 0;
  std::size_t newly_refused = 0;
  std::size_t newly_released = 0;
};

std::string Then(const ReplayedDecision& decision) {
  return decision.reason_then.empty() ? "released" : decision.reason_then;
}

std::string Now(const ReplayedDecision& decision) {
  if (!decision.not_replayed.empty()) {
    return "not replayed";
  }
  return decision.reason_now.empty() ? "released" : decision.reason_now;
}

Count CountOf(const std::vector<ReplayedDecision>& decisions) {
  Count count;
  for (const ReplayedDecision& decision : decisions) {
    if (!decision.not_replayed.empty()) {
      continue;
    }
    ++count.replayed;
    const bool then = decision.reason_then.empty();
    const bool now = decision.reason_now.empty();
    count.newly_refused += then && !now ? 1U : 0U;
    count.newly_released += !then && now ? 1U : 0U;
  }
  return count;
}

void PrintText(const std::vector<ReplayedDecision>& decisions,
               const Console& console) {
  TextTable table(
      {"", "TIME", "AUDIT ID", "VOLUME", "PEER", "THEN", "NOW", "WHY"});
  for (const ReplayedDecision& decision : decisions) {
    const bool worse =
        decision.reason_then.empty() && !decision.reason_now.empty();
    table.Row({worse ? ">>" : "", decision.time, decision.audit_id,
               decision.volume, decision.peer, Then(decision), Now(decision),
               decision.not_replayed.empty() ? decision.differing
                                             : decision.not_replayed});
  }
  const Count count = CountOf(decisions);
  console.out
      << table.Text() << "\n"
      << count.replayed << " of " << decisions.size() << " decisions replayed; "
      << count.newly_refused << " released then would be refused now, "
      << count.newly_released
      << " refused then would be released now.\n"
         "Replayed with the collateral of now; freshness (nonce, time, server "
         "certificate) and the volume's header were not asked.\n";
}

void PrintJson(const std::vector<ReplayedDecision>& decisions,
               const Console& console) {
  JsonArray list;
  for (const ReplayedDecision& decision : decisions) {
    JsonObject object;
    object.String("audit_id", decision.audit_id)
        .String("time", decision.time)
        .String("volume", decision.volume)
        .String("peer", decision.peer)
        .String("reason_then", decision.reason_then);
    if (decision.not_replayed.empty()) {
      object.String("reason_now", decision.reason_now)
          .String("differing", decision.differing);
    } else {
      object.String("not_replayed", decision.not_replayed);
    }
    list.Raw(object.Close());
  }
  const Count count = CountOf(decisions);
  console.out << JsonObject()
                     .Number("replayed", static_cast<long long>(count.replayed))
                     .Number("newly_refused",
                             static_cast<long long>(count.newly_refused))
                     .Number("newly_released",
                             static_cast<long long>(count.newly_released))
                     .String("not_asked",
                             "freshness (nonce, time, server certificate), "
                             "header")
                     .Raw("decisions", list.Close())
                     .Close()
              << "\n";
}

Result<void> PolicyTest(const Options& options, const Console& console) {
  ASSIGN_OR_RETURN(const std::string json, ReadPolicyFile(options.file));
  RETURN_IF_ERROR(NoteDoubts(json, console));
  ASSIGN_OR_RETURN(const AuditQuery query, QueryOf(options.filter));
  ASSIGN_OR_RETURN(AdminClient server, AdminClient::ConnectTo(options.server));
  ASSIGN_OR_RETURN(const ReplayedDecisions replayed,
                   server.TestPolicy(json, query));
  if (console.json()) {
    PrintJson(replayed.decisions, console);
  } else {
    PrintText(replayed.decisions, console);
  }
  NoteLimit(replayed.decisions.size(), query, console);
  return FailIfLinesDamaged(replayed.damaged);
}

}  // namespace

void AddPolicyTest(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command = commands.Add(
      "policy", "test",
      "replay the evidence on record against a policy and tell who would be "
      "refused; changes nothing",
      [options](const Console& console) {
        return PolicyTest(*options, console);
      });
  command.AddOption("FILE", options->file, "policy").Required();
  command.AddOption("--against", options->against, "'audit'")
      .Required()
      .OneOf({"audit"});
  AddAuditFilter(command, options->filter);
  AddAuditLimit(command, options->filter,
                "number of decisions, the newest ones (default 100)");
  AddServerOption(command, options->server);
}

}  // namespace tdxvfs::cli
