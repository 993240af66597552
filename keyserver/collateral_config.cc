// SPDX-License-Identifier: Apache-2.0
#include "keyserver/collateral_config.h"

#include <string_view>

#include "collateral/http_client.h"
#include "keyserver/toml_table.h"

namespace tdxvfs::keyserver {
namespace {

using Source = CollateralConfig::Source;

std::string OptionalPath(TomlTable* table, std::string_view key,
                         std::string_view fallback = "") {
  std::string path = table->TextOr(key, fallback);
  if (!path.empty() && !path.starts_with('/')) {
    table->Refuse(key, "must be an absolute path, which begins with /");
  }
  return path;
}

void ReadSource(TomlTable* table, bool anchor_is_intel,
                CollateralConfig* config) {
  constexpr std::string_view key = "collateral";
  const std::string source = table->Text(key, "pcs");
  if (source == "pcs") {
    config->source = Source::kPcs;
  } else if (source == "offline") {
    config->source = Source::kOffline;
  } else if (source == "none") {
    config->source = Source::kNone;
    if (anchor_is_intel) {
      table->Refuse(key,
                    R"("none" is refused with trust_anchor = "intel": write )"
                    R"(collateral = "pcs")");
    }
  } else if (source.find("://") != std::string::npos) {
    config->source = Source::kPccs;
    config->pccs_url = source;
    if (const auto checked = collateral::CheckServiceUrl(source);
        !checked.has_value()) {
      table->Refuse(key, checked.error().message());
    }
  } else {
    table->Refuse(
        key, R"(must be "pcs", the "https://HOST:PORT/" of a caching service,)"
             R"( "offline" or "none")");
  }
}

// A key that would do nothing is a mistake of its writer.
void RefuseUnless(bool useful, TomlTable* table, std::string_view key,
                  std::string_view words) {
  if (!useful && table->Has(key)) {
    table->Refuse(key, words);
  }
}

}  // namespace

std::string CollateralConfig::SourceText() const {
  const std::string stand_in = bundle.empty() ? "" : ", bundle";
  switch (source) {
    case Source::kPcs:
      return "pcs" + stand_in;
    case Source::kPccs:
      return pccs_url + stand_in;
    case Source::kOffline:
      return "offline";
    case Source::kNone:
      break;
  }
  return "none";
}

CollateralConfig ReadCollateralConfig(TomlTable* table, bool anchor_is_intel) {
  CollateralConfig config;
  ReadSource(table, anchor_is_intel, &config);
  config.ca = OptionalPath(table, "collateral_ca");
  config.cache = OptionalPath(table, "collateral_cache", config.cache);
  config.bundle = OptionalPath(table, "collateral_bundle");
  const auto update =
      collateral::ParseUpdate(table->TextOr("collateral_update", "standard"));
  if (update.has_value()) {
    config.update = *update;
  } else {
    table->Refuse("collateral_update", R"(must be "standard" or "early")");
  }
  RefuseUnless(config.source == Source::kPccs, table, "collateral_ca",
               "is for the TLS of a caching service: collateral must be its "
               "https:// URL");
  const bool checked = config.source != Source::kNone;
  for (const std::string_view key :
       {"collateral_cache", "collateral_update", "collateral_bundle"}) {
    RefuseUnless(checked, table, key, R"(goes not with collateral = "none")");
  }
  if (config.source == Source::kOffline && config.bundle.empty()) {
    table->Refuse(
        "collateral_bundle",
        R"(is missing: collateral = "offline" reads this file, which )"
        R"('tdxvfs collateral export' writes)");
  }
  return config;
}

}  // namespace tdxvfs::keyserver
