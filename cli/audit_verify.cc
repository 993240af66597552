// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "cli/audit_files.h"
#include "cli/commands.h"
#include "cli/evidence_check.h"
#include "cli/text_table.h"
#include "common/audit_check.h"
#include "common/file.h"
#include "common/json_text.h"

namespace tdxvfs::cli {
namespace {

constexpr std::size_t kMaxKeyFile = 4096;

struct Options {
  std::vector<std::string> paths;
  std::vector<std::string> keys;
  std::vector<std::string> heads;
};

// Whether `audit-key` wrote a head behind the key.
bool HasHead(std::string_view pem) {
  return pem.find(R"("kind":"head")") != std::string_view::npos;
}

// The keys; files that hold a head, too, go to `heads`.
Result<std::vector<audit::PublicKey>> ReadKeys(
    const std::vector<std::string>& files, std::vector<std::string>* heads) {
  std::vector<audit::PublicKey> keys;
  for (const std::string& file : files) {
    ASSIGN_OR_RETURN(const std::string pem, ReadFile(file, kMaxKeyFile));
    ASSIGN_OR_RETURN(
        const audit::PublicKey key,
        audit::PublicKey::FromPem(pem).Context("key '" + file + "'"));
    keys.push_back(key);
    if (HasHead(pem)) {
      heads->push_back(file);
    }
  }
  return keys;
}

// A head from elsewhere proves something only when it is signed. One that came
// with a key may be as old as the log, whose first files may be archived.
Result<void> ExpectHeads(const std::vector<std::string>& files,
                         const std::vector<audit::PublicKey>& keys,
                         bool with_key, audit::Check& check) {
  for (const std::string& file : files) {
    ASSIGN_OR_RETURN(const audit::Head head, ReadHeadFile(file));
    const bool good = std::ranges::any_of(keys, [&](const auto& key) {
      return key.Verifies(SignedText(head), head.signature);
    });
    if (!good) {
      return Error(Reason::kAuditTampered,
                   "head '" + file + "' is signed by none of the keys given");
    }
    check.Expect(head, with_key);
  }
  return {};
}

bool IsFolder(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

std::string Sentence(const audit::Verdict& verdict) {
  std::string text =
      "Nothing was removed, changed, put in or reordered up to line " +
      std::to_string(verdict.last - verdict.unsigned_lines) +
      " of the log, signed at " + verdict.head_time + ".\n";
  if (verdict.unsigned_lines > 0) {
    const bool one = verdict.unsigned_lines == 1;
    text += (one ? std::string("The last line is")
                 : "The last " + std::to_string(verdict.unsigned_lines) +
                       " lines are") +
            " linked, but no head has been signed for " +
            (one ? "it" : "them") +
            " yet: the server runs or crashed. If it was stopped in order, the "
            "end was cut off, or somebody else wrote it.\n";
  }
  return text +
         (verdict.heads_found > 0
              ? "The heads that were given are in it; what was written after "
                "the newest of them can be cut off without a trace.\n"
              : "Only a head that was kept elsewhere (--head, or with the key) "
                "tells whether lines were cut off at the end.\n");
}

// Also how much is gone by its age or by its size, which is as it should be.
std::string EvidenceText(const EvidenceCount& evidence) {
  const std::uint64_t gone = evidence.noted - evidence.there - evidence.wrong;
  return "there for " + std::to_string(evidence.there) + " of " +
         std::to_string(evidence.noted) + " records, as the guests showed it" +
         (gone == 0 ? ""
                    : "; dropped, or not beside this copy, for " +
                          std::to_string(gone));
}

void PrintText(const audit::Verdict& verdict, const EvidenceCount& evidence,
               std::size_t files, const Console& console) {
  TextTable table;
  table.Row({"instance", verdict.instance});
  table.Row({"files", std::to_string(files)});
  table.Row({"lines", std::to_string(verdict.first) + " to " +
                          std::to_string(verdict.last)});
  if (verdict.unlinked_bytes > 0) {
    table.Row({"older version", std::to_string(verdict.unlinked_bytes) +
                                    " bytes without links, as they were when "
                                    "the chain began"});
  }
  table.Row({"torn by crashes", std::to_string(verdict.torn)});
  table.Row({"changes of the key", std::to_string(verdict.key_changes)});
  table.Row({"evidence", EvidenceText(evidence)});
  console.out << table.Text() << "\n" << Sentence(verdict);
}

void PrintJson(const audit::Verdict& verdict, const EvidenceCount& evidence,
               const Console& console) {
  JsonObject object;
  object.Boolean("whole", !verdict.finding.has_value() && evidence.wrong == 0)
      .String("instance", verdict.instance)
      .Number("first", static_cast<long long>(verdict.first))
      .Number("last", static_cast<long long>(verdict.last))
      .Number("unsigned_lines", static_cast<long long>(verdict.unsigned_lines))
      .String("head_time", verdict.head_time)
      .Number("unlinked_bytes", static_cast<long long>(verdict.unlinked_bytes))
      .Number("torn", static_cast<long long>(verdict.torn))
      .Number("key_changes", static_cast<long long>(verdict.key_changes))
      .Raw("evidence",
           JsonObject()
               .Number("noted", static_cast<long long>(evidence.noted))
               .Number("there", static_cast<long long>(evidence.there))
               .Number("wrong", static_cast<long long>(evidence.wrong))
               .Close());
  if (verdict.finding.has_value()) {
    object.Raw(
        "finding",
        JsonObject()
            .String("file", verdict.finding->file)
            .Number("line", static_cast<long long>(verdict.finding->line))
            .String("text", verdict.finding->text)
            .Close());
  } else if (evidence.wrong > 0) {
    object.Raw("finding", JsonObject()
                              .String("file", evidence.first_file)
                              .String("text", evidence.first)
                              .Close());
  }
  console.out << object.Close() << "\n";
}

// What is wrong with the log itself comes before what lies beside it.
Result<void> Judge(const audit::Verdict& verdict,
                   const EvidenceCount& evidence) {
  if (verdict.finding.has_value()) {
    const audit::Finding& finding = *verdict.finding;
    return Error(
        Reason::kAuditTampered,
        "audit log '" + finding.file + "'" +
            (finding.line == 0 ? ""
                               : ", line " + std::to_string(finding.line)) +
            ": " + finding.text);
  }
  if (evidence.wrong > 0) {
    return Error(Reason::kAuditTampered,
                 "evidence '" + evidence.first_file + "', " + evidence.first +
                     (evidence.wrong == 1
                          ? ""
                          : "; wrong for " + std::to_string(evidence.wrong) +
                                " records in all"));
  }
  return {};
}

// Returns how many files there were.
Result<std::size_t> CheckFiles(const std::vector<std::string>& paths,
                               audit::Check& check, EvidenceCheck& evidence) {
  for (const std::string& path : paths) {
    RETURN_IF_ERROR(CheckAuditFile(path, check, evidence));
  }
  return paths.size();
}

Result<void> AuditVerify(const Options& options, const Console& console) {
  std::vector<std::string> with_key;
  ASSIGN_OR_RETURN(const auto keys, ReadKeys(options.keys, &with_key));
  const bool whole = options.paths.size() == 1 && IsFolder(options.paths[0]);
  audit::Check check(keys, whole);
  RETURN_IF_ERROR(ExpectHeads(options.heads, keys, false, check));
  RETURN_IF_ERROR(ExpectHeads(with_key, keys, true, check));
  EvidenceCheck evidence;
  ASSIGN_OR_RETURN(const std::size_t files,
                   whole ? CheckAuditFolder(options.paths[0], check, evidence)
                         : CheckFiles(options.paths, check, evidence));
  const audit::Verdict verdict = check.Finish();
  if (console.json()) {
    PrintJson(verdict, evidence.count(), console);
  }
  RETURN_IF_ERROR(Judge(verdict, evidence.count()));
  if (!console.json()) {
    PrintText(verdict, evidence.count(), files, console);
  }
  return {};
}

}  // namespace

void AddAuditVerify(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command = commands.Add(
      "audit", "verify",
      "tell whether an audit log is as the server wrote it, without a server; "
      "exit 0 when it is, 5 when not",
      [options](const Console& console) {
        return AuditVerify(*options, console);
      });
  command
      .AddOption("PATH", options->paths,
                 "the log's folder, or some of its files, oldest first")
      .Required();
  command
      .AddOption("--key", options->keys,
                 "public key of the server's audit log, PEM (repeatable)")
      .Required()
      .Repeatable();
  command
      .AddOption("--head", options->heads,
                 "a signed head that was kept elsewhere (repeatable)")
      .Repeatable();
}

}  // namespace tdxvfs::cli
