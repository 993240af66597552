// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/damaged_records.h"
#include "cli/text_table.h"
#include "common/json_text.h"
#include "common/volume_name.h"

namespace tdxvfs::cli {
namespace {

struct Options {
  std::string volume;
  std::string server;
};

std::string KnownOr(const std::string& text, const std::string& otherwise) {
  return text.empty() ? otherwise : text;
}

std::string ToJson(const PolicyInfo& policy) {
  JsonObject object;
  object.Number("number", policy.number);
  if (!policy.damaged.empty()) {
    return object.String("damaged", policy.damaged).Close();
  }
  return object.String("time", policy.time)
      .String("author", policy.author)
      .String("sha256", policy.sha256)
      .Close();
}

Result<void> PolicyHistory(const Options& options, const Console& console) {
  RETURN_IF_ERROR(CheckVolumeName(options.volume));
  ASSIGN_OR_RETURN(AdminClient server, AdminClient::ConnectTo(options.server));
  ASSIGN_OR_RETURN(const std::vector<PolicyInfo> policies,
                   server.ListPolicies(options.volume));
  if (console.json()) {
    JsonArray list;
    for (const PolicyInfo& policy : policies) {
      list.Raw(ToJson(policy));
    }
    console.out << list.Close() << "\n";
    return FailIfDamaged(policies);
  }
  TextTable table({"NUMBER", "TIME", "AUTHOR", "SHA-256", ""});
  for (const PolicyInfo& policy : policies) {
    const std::string unknown =
        policy.damaged.empty() ? "not recorded" : "damaged";
    table.Row({std::to_string(policy.number), KnownOr(policy.time, unknown),
               KnownOr(policy.author, unknown), policy.sha256,
               &policy == &policies.back() ? "current" : ""});
  }
  console.out << table.Text();
  return FailIfDamaged(policies);
}

}  // namespace

void AddPolicyHistory(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command = commands.Add(
      "policy", "history", "list the policies that a volume has had",
      [options](const Console& console) {
        return PolicyHistory(*options, console);
      });
  command.AddOption("NAME", options->volume, "volume").Required();
  AddServerOption(command, options->server);
}

}  // namespace tdxvfs::cli
