// SPDX-License-Identifier: Apache-2.0
#include "simulator/evaluation_numbers_spec.h"

#include "common/json_text.h"

namespace tdxvfs::simulator {

Result<std::string> MakeEvaluationNumbers(const EvaluationNumbersSpec& spec,
                                          EVP_PKEY* key) {
  JsonArray numbers;
  for (const unsigned number : spec.numbers) {
    numbers.Raw(JsonObject()
                    .Number("tcbEvaluationDataNumber", number)
                    .String("tcbRecoveryEventDate", "2025-08-12T00:00:00Z")
                    .String("tcbDate", "2025-08-13T00:00:00Z")
                    .Close());
  }
  return SignDocument(
      "tcbEvaluationDataNumbers",
      JsonObject()
          .String("id", spec.tee == attest::Tee::kTdx ? "TDX" : "SGX")
          .Number("version", 1)
          .String("issueDate", DocumentTime(spec.issue_date))
          .String("nextUpdate", DocumentTime(spec.next_update))
          .Raw("tcbEvalNumbers", numbers.Close())
          .Close(),
      spec.signing, key);
}

}  // namespace tdxvfs::simulator
