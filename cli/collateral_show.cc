// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cli/collateral_options.h"
#include "cli/collateral_sets.h"
#include "cli/commands.h"
#include "cli/rfc3339.h"
#include "cli/text_table.h"
#include "collateral/set_entry.h"
#include "collateral/vetting.h"
#include "common/hex.h"
#include "common/json_text.h"
#include "common/time_left.h"

namespace tdxvfs::cli {
namespace {

using Time = std::chrono::system_clock::time_point;

struct Options {
  std::string path;
  std::string trust_anchor;
  std::string at;
};

// One set, judged.
struct Shown {
  std::string place;
  collateral::SharedCollateral collateral;  // null: does not lead to the anchor
  std::string refusal;                      // empty: may be used
  Time::duration left{};

  bool warns() const {
    return refusal.empty() && left < collateral::kExpiryWarning;
  }
};

std::int64_t DaysOf(Time::duration left) {
  return std::chrono::floor<std::chrono::days>(left).count();
}

Result<Shown> Judge(const FoundSet& set, const verify::TrustAnchor& anchor,
                    Time now) {
  Shown shown{set.place, nullptr, "", {}};
  ASSIGN_OR_RETURN(const verify::CollateralOutcome outcome,
                   verify::VerifyCollateral(set.documents, anchor));
  if (outcome.collateral == nullptr) {
    shown.refusal = outcome.refusal.why;
    return shown;
  }
  shown.collateral = outcome.collateral;
  shown.left = collateral::ExpiryOf(*shown.collateral) - now;
  if (const auto refusal = shown.collateral->CheckDates(now);
      refusal.has_value()) {
    shown.refusal = refusal->why;
  }
  return shown;
}

// The evaluation number of a document, or nothing.
std::string NumberOf(const verify::Collateral& collateral,
                     const std::string& document) {
  if (document == "TCB info") {
    return std::to_string(collateral.tcb_info().evaluation_number);
  }
  if (document == "QE identity") {
    return std::to_string(collateral.qe_identity().evaluation_number);
  }
  return "";
}

std::string DocumentsJson(const verify::Collateral& collateral, Time now) {
  JsonArray documents;
  for (const verify::DocumentWindow& window : collateral.windows()) {
    JsonObject document;
    document.String("name", window.name);
    const std::string number = NumberOf(collateral, window.name);
    number.empty() ? document.Null("evaluation_number")
                   : document.Raw("evaluation_number", number);
    document.String("issued", JsonTime(window.issued))
        .String("expires", JsonTime(window.expires))
        .Number("days_left", DaysOf(window.expires - now));
    documents.Raw(document.Close());
  }
  return documents.Close();
}

std::string SetJson(const Shown& shown, Time now) {
  JsonObject object;
  object.String("place", shown.place)
      .String("verdict", shown.refusal.empty() ? "valid" : "refused");
  shown.refusal.empty() ? object.Null("why")
                        : object.String("why", shown.refusal);
  if (shown.collateral == nullptr) {
    return object.Close();
  }
  const verify::Collateral& set = *shown.collateral;
  object.String("tee", collateral::TeeText(set.tcb_info().tee))
      .String("fmspc", ToHex(set.tcb_info().fmspc))
      .String("ca", collateral::CaText(set.platform_ca()))
      .String("earliest_expiry", JsonTime(collateral::ExpiryOf(set)))
      .Number("days_left", DaysOf(shown.left))
      .Boolean("expires_soon", shown.warns())
      .Raw("documents", DocumentsJson(set, now));
  return object.Close();
}

void PrintSet(const Shown& shown, Time now, const Console& console) {
  console.out << OneLine(shown.place) << "\n";
  if (shown.collateral == nullptr) {
    return;
  }
  const verify::Collateral& set = *shown.collateral;
  console.out << collateral::TeeText(set.tcb_info().tee) << " platform "
              << ToHex(set.tcb_info().fmspc) << ", "
              << collateral::CaText(set.platform_ca()) << " CA\n";
  TextTable table({"document", "number", "issued", "expires", "days left"});
  for (const verify::DocumentWindow& window : set.windows()) {
    table.Row({window.name, NumberOf(set, window.name), JsonTime(window.issued),
               JsonTime(window.expires),
               std::to_string(DaysOf(window.expires - now))});
  }
  console.out << table.Text();
}

// Returns what is wrong with the first of them, or nothing.
std::string ShowDamaged(const std::vector<DamagedSet>& damaged, JsonArray* json,
                        const Console& console) {
  for (const DamagedSet& set : damaged) {
    json->Raw(JsonObject()
                  .String("place", set.place)
                  .String("verdict", "refused")
                  .String("why", set.why)
                  .Close());
    if (!console.json()) {
      console.out << OneLine(set.place) << "\n";
    }
  }
  return damaged.empty()
             ? ""
             : "'" + damaged.front().place + "': " + damaged.front().why;
}

Result<void> CollateralShow(const Options& options, const Console& console) {
  Time now = std::chrono::system_clock::now();
  if (!options.at.empty()) {
    ASSIGN_OR_RETURN(now, ParseRfc3339(options.at));
  }
  ASSIGN_OR_RETURN(const verify::TrustAnchor anchor,
                   AnchorFromOption(options.trust_anchor));
  std::vector<DamagedSet> damaged;
  ASSIGN_OR_RETURN(const std::vector<FoundSet> sets,
                   FindSets(options.path, &damaged));
  JsonArray json;
  std::string refused = ShowDamaged(damaged, &json, console);
  for (const FoundSet& set : sets) {
    ASSIGN_OR_RETURN(const Shown shown, Judge(set, anchor, now));
    json.Raw(SetJson(shown, now));
    if (!console.json()) {
      PrintSet(shown, now, console);
    }
    if (shown.warns()) {
      console.err << "tdxvfs: warning: '" << OneLine(shown.place)
                  << "' expires in " << TimeLeft(shown.left) << "\n";
    }
    if (!shown.refusal.empty() && refused.empty()) {
      refused = "'" + shown.place + "': " + shown.refusal;
    }
  }
  if (console.json()) {
    console.out << JsonObject().Raw("sets", json.Close()).Close() << "\n";
  }
  if (!refused.empty()) {
    return Error(Reason::kCollateralInvalid, refused);
  }
  return {};
}

}  // namespace

void AddCollateralShow(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command = commands.Add(
      "collateral", "show",
      "verify collateral and show when it expires; exit 5 when it may not be "
      "used",
      [options](const Console& console) {
        return CollateralShow(*options, console);
      });
  command
      .AddOption("PATH", options->path,
                 "directory that 'fetch' or 'import' made, a key server's "
                 "cache, or a bundle")
      .Required();
  AddTrustAnchor(command, options->trust_anchor);
  command.AddOption("--at", options->at,
                    "time to judge at, RFC 3339 (default: now)");
}

}  // namespace tdxvfs::cli
