// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/tcb_info.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "attest/verify/json.h"
#include "attest/verify/tcb_levels.h"

namespace tdxvfs::verify {
namespace {

using attest::ByteArray;
using attest::Tee;

constexpr std::size_t kComponents = 16;
constexpr std::string_view kModuleIdPrefix = "TDX_";

// Version 2 is of SGX only and has no id; version 3 says what it is for.
Result<void> ReadDocumentKind(const JsonValue& document, TcbInfo& info) {
  ASSIGN_OR_RETURN(const JsonValue version, document.Member("version"));
  ASSIGN_OR_RETURN(info.version, version.Integer(UINT32_MAX));
  ASSIGN_OR_RETURN(const std::optional<JsonValue> id,
                   document.OptionalMember("id"));
  if (info.version == 2 && !id.has_value()) {
    info.tee = Tee::kSgx;
    return {};
  }
  if (info.version != 3 || !id.has_value()) {
    return version.Refused("not 2 without an id, nor 3 with one");
  }
  ASSIGN_OR_RETURN(const std::string_view name, id->Text());
  if (name != "SGX" && name != "TDX") {
    return id->Refused("not 'SGX' or 'TDX'");
  }
  info.tee = name == "TDX" ? Tee::kTdx : Tee::kSgx;
  return {};
}

Result<void> ReadHead(const JsonValue& document, TcbInfo& info) {
  RETURN_IF_ERROR(ReadDocumentKind(document, info));
  ASSIGN_OR_RETURN(info.issue_date, document.DateAt("issueDate"));
  ASSIGN_OR_RETURN(info.next_update, document.DateAt("nextUpdate"));
  ASSIGN_OR_RETURN(info.fmspc, document.HexAt<6>("fmspc"));
  ASSIGN_OR_RETURN(info.pce_id, document.HexAt<2>("pceId"));
  // How levels are compared; 0 is the only way there is.
  ASSIGN_OR_RETURN(const JsonValue type, document.Member("tcbType"));
  RETURN_IF_ERROR(type.Integer(0));
  ASSIGN_OR_RETURN(info.evaluation_number, document.IntegerAt<std::uint32_t>(
                                               "tcbEvaluationDataNumber"));
  return {};
}

Result<ByteArray<kComponents>> ReadComponents(const JsonValue& tcb,
                                              std::string_view name) {
  ASSIGN_OR_RETURN(const JsonValue list, tcb.Member(name));
  ASSIGN_OR_RETURN(const std::vector<JsonValue> elements, list.Elements());
  if (elements.size() != kComponents) {
    return list.Refused("not 16 components");
  }
  ByteArray<kComponents> components{};
  for (std::size_t i = 0; i < kComponents; ++i) {
    ASSIGN_OR_RETURN(components[i], elements[i].IntegerAt<std::uint8_t>("svn"));
    for (const std::string_view remark : {"category", "type"}) {
      ASSIGN_OR_RETURN(const std::optional<JsonValue> text,
                       elements[i].OptionalMember(remark));
      if (text.has_value()) {
        RETURN_IF_ERROR(text->Text());
      }
    }
  }
  return components;
}

// Version 2 has a member for each: sgxtcbcomp01svn to sgxtcbcomp16svn.
Result<ByteArray<kComponents>> ReadNumberedComponents(const JsonValue& tcb) {
  ByteArray<kComponents> components{};
  for (std::size_t i = 0; i < kComponents; ++i) {
    const std::size_t number = i + 1;
    const std::string name = std::string("sgxtcbcomp") +
                             (number < 10 ? "0" : "") + std::to_string(number) +
                             "svn";
    ASSIGN_OR_RETURN(components[i], tcb.IntegerAt<std::uint8_t>(name));
  }
  return components;
}

Result<PlatformTcbLevel> ReadLevel(const JsonValue& element,
                                   const TcbInfo& info) {
  PlatformTcbLevel level;
  ASSIGN_OR_RETURN(const JsonValue tcb, element.Member("tcb"));
  if (info.version == 2) {
    ASSIGN_OR_RETURN(level.sgx_components, ReadNumberedComponents(tcb));
  } else {
    ASSIGN_OR_RETURN(level.sgx_components,
                     ReadComponents(tcb, "sgxtcbcomponents"));
  }
  ASSIGN_OR_RETURN(level.pce_svn, tcb.IntegerAt<std::uint16_t>("pcesvn"));
  if (info.tee == Tee::kTdx) {
    ASSIGN_OR_RETURN(level.tdx_components,
                     ReadComponents(tcb, "tdxtcbcomponents"));
  }
  ASSIGN_OR_RETURN(level.outcome, ReadLevelOutcome(element));
  return level;
}

bool IsBelow(const PlatformTcbLevel& level, const PlatformTcbLevel& before) {
  const auto rank = [](const PlatformTcbLevel& of) {
    return std::tie(of.sgx_components, of.pce_svn, of.tdx_components);
  };
  return rank(level) < rank(before);
}

Result<void> ReadLevels(const JsonValue& document, TcbInfo& info) {
  ASSIGN_OR_RETURN(const JsonValue list, document.Member("tcbLevels"));
  ASSIGN_OR_RETURN(const std::vector<JsonValue> elements, list.Elements());
  if (elements.empty()) {
    return list.Refused("empty");
  }
  for (const JsonValue& element : elements) {
    ASSIGN_OR_RETURN(PlatformTcbLevel level, ReadLevel(element, info));
    if (!info.levels.empty() && !IsBelow(level, info.levels.back())) {
      return element.Refused("not below the level before it");
    }
    info.levels.push_back(std::move(level));
  }
  return {};
}

Result<TdxModuleExpectation> ReadModuleExpectation(const JsonValue& module) {
  TdxModuleExpectation expectation;
  ASSIGN_OR_RETURN(expectation.mr_signer, module.HexAt<48>("mrsigner"));
  ASSIGN_OR_RETURN(expectation.attributes, module.HexAt<8>("attributes"));
  ASSIGN_OR_RETURN(expectation.attributes_mask,
                   module.HexAt<8>("attributesMask"));
  return expectation;
}

Result<TdxModuleIdentity> ReadModuleIdentity(const JsonValue& element) {
  TdxModuleIdentity identity;
  ASSIGN_OR_RETURN(const JsonValue id, element.Member("id"));
  ASSIGN_OR_RETURN(const std::string_view name, id.Text());
  const auto version = FromHex(name.starts_with(kModuleIdPrefix)
                                   ? name.substr(kModuleIdPrefix.size())
                                   : std::string_view());
  if (!version.has_value() || version->size() != 1) {
    return id.Refused("not 'TDX_' and two hex digits");
  }
  identity.major_version = version->front();
  ASSIGN_OR_RETURN(identity.expectation, ReadModuleExpectation(element));
  ASSIGN_OR_RETURN(identity.levels, ReadIsvLevels(element));
  return identity;
}

Result<void> ReadModuleIdentities(const JsonValue& list, TcbInfo& info) {
  ASSIGN_OR_RETURN(const std::vector<JsonValue> elements, list.Elements());
  for (const JsonValue& element : elements) {
    ASSIGN_OR_RETURN(TdxModuleIdentity identity, ReadModuleIdentity(element));
    for (const TdxModuleIdentity& before : info.tdx_module_identities) {
      if (before.major_version == identity.major_version) {
        return element.Refused("a second identity of the same module");
      }
    }
    info.tdx_module_identities.push_back(std::move(identity));
  }
  return {};
}

Result<void> ReadModules(const JsonValue& document, TcbInfo& info) {
  ASSIGN_OR_RETURN(const std::optional<JsonValue> module,
                   document.OptionalMember("tdxModule"));
  ASSIGN_OR_RETURN(const std::optional<JsonValue> identities,
                   document.OptionalMember("tdxModuleIdentities"));
  if (info.tee == Tee::kSgx) {
    if (module.has_value() || identities.has_value()) {
      return document.Refused("an SGX document with a TDX module");
    }
    return {};
  }
  if (!module.has_value()) {
    return document.Refused("a TDX document without 'tdxModule'");
  }
  ASSIGN_OR_RETURN(info.tdx_module, ReadModuleExpectation(*module));
  if (identities.has_value()) {
    RETURN_IF_ERROR(ReadModuleIdentities(*identities, info));
  }
  return {};
}

}  // namespace

Result<TcbInfo> ParseTcbInfo(std::string_view json) {
  simdjson::dom::parser parser;
  ASSIGN_OR_RETURN(const simdjson::dom::element root, ParseJson(parser, json));
  RETURN_IF_ERROR(RefuseDoubledNames(root));
  const JsonValue document(root);
  TcbInfo info;
  RETURN_IF_ERROR(ReadHead(document, info));
  RETURN_IF_ERROR(ReadModules(document, info));
  RETURN_IF_ERROR(ReadLevels(document, info));
  return info;
}

}  // namespace tdxvfs::verify
