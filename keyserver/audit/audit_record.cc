// SPDX-License-Identifier: Apache-2.0
#include "keyserver/audit/audit_record.h"

#include <array>
#include <charconv>

#include "common/hex.h"
#include "common/json_text.h"

namespace tdxvfs::keyserver {
namespace {

constexpr std::size_t kInstanceDigits = 4;
constexpr std::string_view kEvidenceDigest = "evidence_sha256";
constexpr std::string_view kEvidencePlace = "evidence_at";

// Text as ToJsonLine wrote it, up to its closing quote. An escaped character
// is kept as it stands: heads are compared with escaped text too.
std::optional<std::string> TakeMember(std::string_view* line,
                                      std::string_view name) {
  const std::string prefix = "\"" + std::string(name) + "\":\"";
  if (!line->starts_with(prefix)) {
    return std::nullopt;
  }
  line->remove_prefix(prefix.size());
  std::size_t end = 0;
  while (end < line->size() && (*line)[end] != '"') {
    end += (*line)[end] == '\\' ? 2U : 1U;
  }
  if (end + 1 >= line->size()) {
    return std::nullopt;
  }
  std::string value(line->substr(0, end));
  line->remove_prefix(end + 1);
  if (line->starts_with(',')) {
    line->remove_prefix(1);
  }
  return value;
}

void AddText(JsonObject* object, std::string_view name,
             const std::string& value) {
  if (!value.empty()) {
    object->String(name, value);
  }
}

std::string ChecksJson(const attest::Checks& checks) {
  JsonArray array;
  for (const attest::Check& check : checks) {
    array.Raw(JsonObject()
                  .String("name", check.name)
                  .String("expected", check.expected)
                  .String("actual", check.actual)
                  .Boolean("passed", check.passed)
                  .String("source", check.source)
                  .Close());
  }
  return array.Close();
}

void AddEvidence(JsonObject* object, const AuditRecord& record) {
  if (!record.checks.empty()) {
    object->Raw("checks", ChecksJson(record.checks));
  }
  if (!record.acknowledged.empty()) {
    JsonArray array;
    for (const std::string& name : record.acknowledged) {
      array.String(name);
    }
    object->Raw("acknowledge", array.Close());
  }
  AddText(object, "fmspc", record.fmspc);
  AddText(object, "failure", record.failure);
  AddText(object, "tcb_shortfall", record.tcb_shortfall);
  AddText(object, "remedy", record.remedy);
  AddText(object, "event_log_sha256", record.event_log_sha256);
}

// The text of a member of ours anywhere in a line. Nobody else can have
// written it: quotes inside of strings are escaped.
std::string MemberOf(std::string_view line, std::string_view name) {
  const std::string start = "\"" + std::string(name) + "\":\"";
  const std::size_t at = line.find(start);
  if (at == std::string_view::npos) {
    return "";
  }
  line.remove_prefix(at + start.size());
  return std::string(line.substr(0, line.find('"')));
}

}  // namespace

std::string ToJsonLine(const AuditRecord& record, std::string_view audit_id,
                       const EvidenceNote& evidence) {
  JsonObject object;
  object.String("audit_id", audit_id)
      .String("time", JsonTime(record.time))
      .String("kind", record.released ? "release" : "refusal")
      .String("volume", record.volume)
      .String("reason", record.reason);
  AddText(&object, "detail", record.detail);
  AddText(&object, "purpose", record.purpose);
  AddText(&object, "peer", record.peer);
  AddText(&object, "agent_version", record.agent_version);
  if (record.version.has_value()) {
    object.Number("version", *record.version);
  }
  AddText(&object, "header_sha256", record.header_sha256);
  AddText(&object, "config_digest", record.config_digest);
  AddText(&object, "certificate_sha256", record.certificate_sha256);
  object.Boolean("anchor_is_intel", record.anchor_is_intel);
  AddText(&object, "anchor_sha256", record.anchor_sha256);
  object.String("collateral", record.collateral);
  AddEvidence(&object, record);
  AddText(&object, kEvidenceDigest, evidence.sha256);
  AddText(&object, kEvidencePlace, evidence.at);
  return object.Close();
}

std::string ToJsonLine(const OutcomeRecord& record) {
  JsonObject object;
  object.String("audit_id", record.audit_id)
      .String("time", JsonTime(record.time))
      .String("kind", "outcome")
      .String("volume", record.volume)
      .String("reason", record.reason)
      .String("result", record.result);
  AddText(&object, "detail", record.detail);
  return object.Close();
}

std::optional<AuditLineHead> ReadHead(std::string_view line) {
  if (!line.starts_with('{') || !line.ends_with('}')) {
    return std::nullopt;
  }
  line.remove_prefix(1);
  auto audit_id = TakeMember(&line, "audit_id");
  auto time = TakeMember(&line, "time");
  auto kind = TakeMember(&line, "kind");
  auto volume = TakeMember(&line, "volume");
  auto reason = TakeMember(&line, "reason");
  if (!audit_id.has_value() || !time.has_value() || !kind.has_value() ||
      !volume.has_value() || !reason.has_value()) {
    return std::nullopt;
  }
  return AuditLineHead{std::move(*audit_id), std::move(*time), std::move(*kind),
                       std::move(*volume), std::move(*reason)};
}

EvidenceNote ReadEvidenceNote(std::string_view line) {
  return {MemberOf(line, kEvidenceDigest), MemberOf(line, kEvidencePlace)};
}

std::string ReadPeer(std::string_view line) { return MemberOf(line, "peer"); }

std::string AuditId::ToString() const {
  const std::array<std::uint8_t, 2> bytes = {
      static_cast<std::uint8_t>(instance >> 8U),
      static_cast<std::uint8_t>(instance)};
  return ToHex(bytes) + "-" + std::to_string(sequence);
}

std::optional<AuditId> AuditId::Parse(std::string_view text) {
  if (text.size() < kInstanceDigits + 2 || text[kInstanceDigits] != '-') {
    return std::nullopt;
  }
  AuditId id;
  const char* const dash = text.data() + kInstanceDigits;
  const char* const end = text.data() + text.size();
  const auto instance = std::from_chars(text.data(), dash, id.instance, 16);
  const auto sequence = std::from_chars(dash + 1, end, id.sequence);
  if (instance.ec != std::errc() || instance.ptr != dash ||
      sequence.ec != std::errc() || sequence.ptr != end ||
      id.ToString() != text) {
    return std::nullopt;
  }
  return id;
}

}  // namespace tdxvfs::keyserver
