// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/json_leaves.h"
#include "cli/policy_file.h"
#include "common/json_text.h"
#include "common/volume_name.h"

namespace tdxvfs::cli {
namespace {

struct Options {
  std::string volume;
  std::string file;
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  std::string server;
};

// Where a value stands and what it is. Lists of values have no order: a policy
// accepts any of them.
using Values = std::multiset<std::pair<std::string, std::string>>;

struct Difference {
  std::string path;
  std::string value;
  bool added = false;
};

Result<Values> ValuesOf(std::string_view json, const std::string& name) {
  ASSIGN_OR_RETURN(const std::vector<JsonLeaf> leaves,
                   ReadJsonLeaves(json).Context(name));
  Values values;
  for (const JsonLeaf& leaf : leaves) {
    values.emplace(leaf.path, leaf.value);
  }
  return values;
}

std::vector<Difference> Compare(const Values& from, const Values& to) {
  std::vector<Difference> differences;
  const auto collect = [&](const Values& one, const Values& other, bool added) {
    std::vector<Values::value_type> only;
    std::ranges::set_difference(one, other, std::back_inserter(only));
    for (const auto& [path, value] : only) {
      differences.push_back({path, value, added});
    }
  };
  collect(from, to, false);
  collect(to, from, true);
  std::ranges::stable_sort(differences, {}, &Difference::path);
  return differences;
}

struct Side {
  std::string name;
  std::string json;
};

Result<Side> StoredSide(AdminClient& server, const std::string& volume,
                        std::uint32_t number) {
  ASSIGN_OR_RETURN(std::string json, server.GetPolicy(volume, number));
  return Side{"policy " + std::to_string(number), std::move(json)};
}

// From what to what: FILE against the current policy, or two of the history,
// by default the last two.
Result<std::pair<Side, Side>> Sides(const Options& options,
                                    AdminClient& server) {
  ASSIGN_OR_RETURN(const std::vector<PolicyInfo> history,
                   server.ListPolicies(options.volume));
  if (history.empty()) {
    return Error(Reason::kPolicyMissing,
                 "volume '" + options.volume + "' has no policy");
  }
  const std::uint32_t current = history.back().number;
  const std::uint32_t to = options.to == 0 ? current : options.to;
  const std::uint32_t before = options.file.empty() ? to - 1 : current;
  const std::uint32_t from = options.from == 0 ? before : options.from;
  if (from == 0) {
    return Error(Reason::kPolicyMissing, "volume '" + options.volume +
                                             "' has no policy before its "
                                             "first");
  }
  ASSIGN_OR_RETURN(Side first, StoredSide(server, options.volume, from));
  if (!options.file.empty()) {
    ASSIGN_OR_RETURN(std::string json, ReadPolicyFile(options.file));
    return std::pair(std::move(first), Side{options.file, std::move(json)});
  }
  ASSIGN_OR_RETURN(Side second, StoredSide(server, options.volume, to));
  return std::pair(std::move(first), std::move(second));
}

void Print(const std::vector<Difference>& differences, const Side& from,
           const Side& to, const Console& console) {
  if (console.json()) {
    JsonArray list;
    for (const Difference& difference : differences) {
      list.Raw(
          JsonObject()
              .String("path", difference.path)
              .String(difference.added ? "added" : "removed", difference.value)
              .Close());
    }
    console.out << JsonObject()
                       .String("from", from.name)
                       .String("to", to.name)
                       .Raw("differences", list.Close())
                       .Close()
                << "\n";
    return;
  }
  console.out << "--- " << from.name << "\n+++ " << to.name << "\n";
  for (const Difference& difference : differences) {
    console.out << (difference.added ? "+ " : "- ") << difference.path << ": "
                << difference.value << "\n";
  }
  if (differences.empty()) {
    console.out << "no difference\n";
  }
}

Result<void> PolicyDiff(const Options& options, const Console& console) {
  RETURN_IF_ERROR(CheckVolumeName(options.volume));
  ASSIGN_OR_RETURN(AdminClient server, AdminClient::ConnectTo(options.server));
  ASSIGN_OR_RETURN(const auto sides, Sides(options, server));
  ASSIGN_OR_RETURN(const Values from,
                   ValuesOf(sides.first.json, sides.first.name));
  ASSIGN_OR_RETURN(const Values to,
                   ValuesOf(sides.second.json, sides.second.name));
  Print(Compare(from, to), sides.first, sides.second, console);
  return {};
}

}  // namespace

void AddPolicyDiff(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command = commands.Add(
      "policy", "diff", "show what differs between policies of a volume",
      [options](const Console& console) {
        return PolicyDiff(*options, console);
      });
  command.AddOption("NAME", options->volume, "volume").Required();
  command.AddOption("FILE", options->file,
                    "compare the current policy with this one");
  constexpr auto last = std::numeric_limits<std::uint32_t>::max();
  command
      .AddOption("--from", options->from,
                 "number in 'policy history' (default: the one before)")
      .Between(1, last);
  command
      .AddOption("--to", options->to,
                 "number in 'policy history' (default: the current one)")
      .Between(1, last)
      .Excludes("FILE");
  AddServerOption(command, options->server);
}

}  // namespace tdxvfs::cli
