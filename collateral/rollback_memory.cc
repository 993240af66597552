// SPDX-License-Identifier: Apache-2.0
#include "collateral/rollback_memory.h"

#include <simdjson.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "common/file.h"
#include "common/hex.h"
#include "common/json_text.h"

namespace tdxvfs::collateral {
namespace {

using std::chrono::seconds;
using std::chrono::system_clock;

constexpr std::size_t kMaxFile = std::size_t{1024} * 1024;
constexpr std::int64_t kMarksVersion = 1;
constexpr mode_t kMarksFileMode = 0600;

// What a document is called here: what it is about, not which set it came in,
// so that a CRL is one and the same in every set.
RollbackMemory::Marks MarksOf(const SetName& name,
                              const verify::Collateral& set) {
  const std::string series = std::string(TeeText(name.tee)) + "-" +
                             ToHex(name.fmspc) + "-" +
                             std::string(UpdateText(name.update));
  RollbackMemory::Marks marks;
  marks["tcb-info/" + series] = {set.tcb_info().evaluation_number,
                                 set.tcb_info().issue_date};
  marks["qe-identity/" + series] = {set.qe_identity().evaluation_number,
                                    set.qe_identity().issue_date};
  for (const verify::DocumentWindow& window : set.windows()) {
    if (window.name == "root CA CRL") {
      marks["crl/root"] = {0, window.issued};
    } else if (window.name == "PCK CRL") {
      marks["crl/" + std::string(CaText(set.platform_ca()))] = {0,
                                                                window.issued};
    }
  }
  return marks;
}

Result<void> CheckNotOlder(const RollbackMemory::Marks& marks,
                           const RollbackMemory::Marks& seen_before) {
  for (const auto& [document, mark] : marks) {
    const auto seen = seen_before.find(document);
    if (seen == seen_before.end()) {
      continue;
    }
    if (mark.evaluation_number < seen->second.evaluation_number) {
      return Error(Reason::kCollateralInvalid,
                   document + ": evaluation number " +
                       std::to_string(mark.evaluation_number) + " after " +
                       std::to_string(seen->second.evaluation_number) +
                       " was seen before");
    }
    if (mark.issued < seen->second.issued) {
      return Error(Reason::kCollateralInvalid,
                   document + ": issued " + JsonTime(mark.issued) +
                       ", before one seen already, " +
                       JsonTime(seen->second.issued));
    }
  }
  return {};
}

void NoteAll(const RollbackMemory::Marks& marks, RollbackMemory::Marks* noted) {
  for (const auto& [document, mark] : marks) {
    RollbackMemory::Mark& kept = (*noted)[document];
    kept.evaluation_number =
        std::max(kept.evaluation_number, mark.evaluation_number);
    kept.issued = std::max(kept.issued, mark.issued);
  }
}

Error Damaged(std::string_view what) {
  return {Reason::kFileInvalid, "rollback memory: " + std::string(what)};
}

std::int64_t SecondsOf(system_clock::time_point time) {
  return std::chrono::floor<seconds>(time.time_since_epoch()).count();
}

Result<RollbackMemory::Mark> ReadMark(const simdjson::dom::element& element) {
  std::uint64_t number = 0;
  std::int64_t issued = 0;
  simdjson::dom::object object;
  if (element.get(object) != simdjson::SUCCESS || object.size() != 2 ||
      object["number"].get(number) != simdjson::SUCCESS ||
      object["issued"].get(issued) != simdjson::SUCCESS ||
      number > std::numeric_limits<std::uint32_t>::max() || issued < 0 ||
      issued > SecondsOf(system_clock::time_point::max())) {
    return Damaged("an entry is not {number, issued}");
  }
  return RollbackMemory::Mark{static_cast<std::uint32_t>(number),
                              system_clock::time_point(seconds(issued))};
}

}  // namespace

std::string RollbackText(const RollbackMemory::Marks& marks) {
  JsonObject seen;
  for (const auto& [name, mark] : marks) {
    seen.Raw(name, JsonObject()
                       .Number("number", mark.evaluation_number)
                       .Number("issued", SecondsOf(mark.issued))
                       .Close());
  }
  return JsonObject()
             .Number("version", kMarksVersion)
             .Raw("seen", seen.Close())
             .Close() +
         "\n";
}

Result<RollbackMemory::Marks> ParseRollbackText(std::string_view text) {
  simdjson::dom::parser parser;
  simdjson::dom::object root;
  std::int64_t version = 0;
  simdjson::dom::object seen;
  if (parser.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS ||
      root.size() != 2 || root["version"].get(version) != simdjson::SUCCESS ||
      version != kMarksVersion || root["seen"].get(seen) != simdjson::SUCCESS) {
    return Damaged("not {version 1, seen}");
  }
  RollbackMemory::Marks marks;
  for (const simdjson::dom::key_value_pair member : seen) {
    ASSIGN_OR_RETURN(const RollbackMemory::Mark mark, ReadMark(member.value));
    if (!marks.emplace(std::string(member.key), mark).second) {
      return Damaged("an entry is doubled");
    }
  }
  return marks;
}

Result<RollbackMemory> RollbackMemory::Open(std::filesystem::path file) {
  RollbackMemory memory(std::move(file));
  if (memory.file_.empty()) {
    return memory;
  }
  const auto text = ReadFile(memory.file_, kMaxFile);
  if (!text.has_value()) {
    if (text.error().reason() == Reason::kFileNotFound) {
      return memory;
    }
    return text.error();
  }
  ASSIGN_OR_RETURN(memory.marks_, ParseRollbackText(*text).Context(
                                      "'" + memory.file_.string() + "'"));
  return memory;
}

Result<void> RollbackMemory::Check(const SetName& name,
                                   const verify::Collateral& set) const {
  return CheckNotOlder(MarksOf(name, set), marks_);
}

void RollbackMemory::Learn(const RollbackMemory& earlier) {
  NoteAll(earlier.marks_, &marks_);
}

Result<void> RollbackMemory::Remember(const SetName& name,
                                      const verify::Collateral& set) {
  NoteAll(MarksOf(name, set), &marks_);
  if (file_.empty()) {
    return {};
  }
  return ReplaceFile(file_, AsBytes(RollbackText(marks_)), kMarksFileMode);
}

bool IsOlder(const SetName& name, const verify::Collateral& set,
             const verify::Collateral& than) {
  return !CheckNotOlder(MarksOf(name, set), MarksOf(name, than)).has_value();
}

}  // namespace tdxvfs::collateral
