// SPDX-License-Identifier: Apache-2.0
#include "cli/quote_verify_batch.h"

#include <optional>
#include <string>
#include <utility>

#include "attest/verify/given_collateral.h"
#include "cli/batch_vector.h"
#include "cli/quote_file.h"
#include "cli/quote_verdict.h"
#include "cli/rfc3339.h"

namespace tdxvfs::cli {
namespace {

// What all vectors of a list have in common.
struct Batch {
  const std::filesystem::path folder;
  const verify::TrustAnchor& anchor;
  const std::chrono::system_clock::time_point now;
};

Result<QuoteVerdict> Judge(const BatchVector& vector, const Batch& batch) {
  if (!vector.wrong.empty()) {
    return Error(Reason::kFileInvalid, vector.wrong);
  }
  if (vector.quote.empty() || vector.collateral.empty()) {
    return Error(Reason::kFileInvalid,
                 "a vector names a quote and a folder of collateral");
  }
  auto now = batch.now;
  if (!vector.at.empty()) {
    ASSIGN_OR_RETURN(now, ParseRfc3339(vector.at));
  }
  CollateralOverrides overrides = vector.overrides;
  for (auto& [member, path] : overrides) {
    path = batch.folder / path;
  }
  ASSIGN_OR_RETURN(const std::string bytes,
                   ReadQuoteFile(batch.folder / vector.quote));
  ASSIGN_OR_RETURN(
      verify::CollateralDocuments documents,
      ReadCollateralFolder(batch.folder / vector.collateral, overrides));
  ASSIGN_OR_RETURN(
      const auto pck_chain,
      ReadPckCertChain(batch.folder / vector.collateral, overrides));
  verify::GivenCollateral collateral(std::move(documents), batch.anchor);
  return JudgeQuote(bytes, {batch.anchor, now, &collateral, pck_chain.get()});
}

}  // namespace

Result<void> VerifyBatch(const std::filesystem::path& file,
                         const verify::TrustAnchor& anchor,
                         std::chrono::system_clock::time_point now,
                         std::ostream& out) {
  ASSIGN_OR_RETURN(const std::vector<BatchVector> vectors, ReadBatch(file));
  const Batch batch = {file.parent_path(), anchor, now};
  std::size_t unjudged = 0;
  std::optional<Error> first;
  for (const BatchVector& vector : vectors) {
    const auto judged = Judge(vector, batch);
    if (!judged.has_value()) {
      ++unjudged;
      if (!first.has_value()) {
        first = judged.error();
        first->AddContext("'" + vector.id + "'");
      }
    }
    JsonObject line;
    line.String("id", vector.id);
    AddVerdict(judged.has_value() ? *judged : NotJudged(judged.error()), line);
    out << line.Close() << "\n";
  }
  if (first.has_value()) {
    return Error(first->reason(),
                 "batch '" + file.string() + "': " + std::to_string(unjudged) +
                     " of " + std::to_string(vectors.size()) +
                     " vectors were not judged, the first of them " +
                     first->ToString());
  }
  return {};
}

}  // namespace tdxvfs::cli
