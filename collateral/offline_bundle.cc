// SPDX-License-Identifier: Apache-2.0
#include "collateral/offline_bundle.h"

#include <simdjson.h>

#include <array>
#include <map>
#include <set>
#include <utility>

#include "common/hex.h"
#include "common/json_text.h"

namespace tdxvfs::collateral {
namespace {

constexpr std::int64_t kBundleVersion = 1;

using verify::kMaxCrl;
using verify::kMaxIssuerChain;
using verify::kMaxSignedDocument;

Error BundleError(const std::string& path, std::string_view why) {
  return {Reason::kFileInvalid, "bundle: " + path + ": " + std::string(why)};
}

// The members of a set and the most bytes that their text may have; 0 for the
// words of its name, which are checked as such.
struct Member {
  std::string_view name;
  std::size_t limit;
};
constexpr std::array<Member, 10> kMembers{{
    {"tee", 0},
    {"fmspc", 0},
    {"ca", 0},
    {"update", 0},
    {"tcb_info", kMaxSignedDocument},
    {"tcb_signing_chain", kMaxIssuerChain},
    {"qe_identity", kMaxSignedDocument},
    {"root_ca_crl", 2 * kMaxCrl},
    {"pck_crl", 2 * kMaxCrl},
    {"pck_crl_issuer_chain", kMaxIssuerChain},
}};
constexpr std::size_t kLongestWord = 32;

using Texts = std::map<std::string_view, std::string_view>;

// Every member of a set once, each a string within its cap.
Result<Texts> ReadTexts(const simdjson::dom::object& object,
                        const std::string& path) {
  Texts texts;
  for (const simdjson::dom::key_value_pair member : object) {
    const auto* const known =
        std::find_if(kMembers.begin(), kMembers.end(),
                     [&](const Member& row) { return row.name == member.key; });
    if (known == kMembers.end()) {
      return BundleError(path, "unknown member");
    }
    const std::string place = path + "." + std::string(known->name);
    std::string_view text;
    if (member.value.get(text) != simdjson::SUCCESS || text.empty()) {
      return BundleError(place, "not a text or empty");
    }
    if (text.size() > (known->limit == 0 ? kLongestWord : known->limit)) {
      return BundleError(place, "too long");
    }
    if (!texts.emplace(known->name, text).second) {
      return BundleError(place, "doubled");
    }
  }
  for (const Member& member : kMembers) {
    if (!texts.contains(member.name)) {
      return BundleError(path + "." + std::string(member.name), "missing");
    }
  }
  return texts;
}

Result<SetName> ReadName(const Texts& texts, const std::string& path) {
  const std::string words =
      std::string(texts.at("tee")) + "-" + std::string(texts.at("fmspc")) +
      "-" + std::string(texts.at("ca")) + "-" + std::string(texts.at("update"));
  const auto name = SetName::FromText(words);
  if (!name.has_value()) {
    return BundleError(path, name.error().message());
  }
  return *name;
}

Result<std::vector<std::uint8_t>> ReadHex(const Texts& texts,
                                          std::string_view member,
                                          const std::string& path) {
  auto bytes = FromHex(texts.at(member));
  if (!bytes.has_value()) {
    return BundleError(path + "." + std::string(member), "not hex");
  }
  return bytes;
}

Result<NamedSet> ReadSet(const simdjson::dom::element& element,
                         const std::string& path) {
  simdjson::dom::object object;
  if (element.get(object) != simdjson::SUCCESS) {
    return BundleError(path, "not an object");
  }
  ASSIGN_OR_RETURN(const Texts texts, ReadTexts(object, path));
  NamedSet set;
  ASSIGN_OR_RETURN(set.name, ReadName(texts, path));
  set.documents.tcb_info = texts.at("tcb_info");
  set.documents.tcb_signing_chain = texts.at("tcb_signing_chain");
  set.documents.qe_identity = texts.at("qe_identity");
  set.documents.pck_crl_issuer_chain = texts.at("pck_crl_issuer_chain");
  ASSIGN_OR_RETURN(set.documents.root_ca_crl,
                   ReadHex(texts, "root_ca_crl", path));
  ASSIGN_OR_RETURN(set.documents.pck_crl, ReadHex(texts, "pck_crl", path));
  return set;
}

Result<std::vector<NamedSet>> ReadSets(const simdjson::dom::element& element) {
  simdjson::dom::array array;
  if (element.get(array) != simdjson::SUCCESS || array.size() == 0) {
    return BundleError("$.sets", "not an array or empty");
  }
  std::vector<NamedSet> sets;
  std::set<SetName> names;
  for (const simdjson::dom::element item : array) {
    const std::string path = "$.sets[" + std::to_string(sets.size()) + "]";
    if (sets.size() == kMaxSets) {
      return BundleError(path,
                         "more than " + std::to_string(kMaxSets) + " sets");
    }
    ASSIGN_OR_RETURN(NamedSet set, ReadSet(item, path));
    if (!names.insert(set.name).second) {
      return BundleError(path, set.name.ToText() + " stands twice");
    }
    sets.push_back(std::move(set));
  }
  return sets;
}

}  // namespace

std::string BundleText(const std::vector<NamedSet>& sets) {
  JsonArray array;
  for (const NamedSet& set : sets) {
    const verify::CollateralDocuments& documents = set.documents;
    array.Raw(
        JsonObject()
            .String("tee", TeeText(set.name.tee))
            .String("fmspc", ToHex(set.name.fmspc))
            .String("ca", CaText(set.name.platform_ca))
            .String("update", UpdateText(set.name.update))
            .String("tcb_info", documents.tcb_info)
            .String("tcb_signing_chain", documents.tcb_signing_chain)
            .String("qe_identity", documents.qe_identity)
            .String("root_ca_crl", ToHex(documents.root_ca_crl))
            .String("pck_crl", ToHex(documents.pck_crl))
            .String("pck_crl_issuer_chain", documents.pck_crl_issuer_chain)
            .Close());
  }
  return JsonObject()
             .Number("version", kBundleVersion)
             .Raw("sets", array.Close())
             .Close() +
         "\n";
}

Result<std::vector<NamedSet>> ParseBundle(std::string_view text) {
  if (text.size() > kMaxBundle) {
    return BundleError("$", "too large");
  }
  simdjson::dom::parser parser;
  simdjson::dom::object root;
  if (parser.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS) {
    return BundleError("$", "not a JSON object");
  }
  std::int64_t version = 0;
  simdjson::dom::element sets;
  if (root.size() != 2 || root["version"].get(version) != simdjson::SUCCESS ||
      root["sets"].get(sets) != simdjson::SUCCESS) {
    return BundleError("$", "must have the members version and sets");
  }
  if (version != kBundleVersion) {
    return BundleError("$.version", "not 1");
  }
  return ReadSets(sets);
}

}  // namespace tdxvfs::collateral
