// SPDX-License-Identifier: Apache-2.0
#include "simulator/quote_arguments.h"

#include <chrono>
#include <utility>

#include "simulator/measurement_options.h"
#include "simulator/pki.h"
#include "simulator/quote_signer.h"

namespace tdxvfs::simulator {
namespace {

constexpr std::size_t kMaxPadding = 8192;

}  // namespace

void AddQuoteOptions(CLI::App* command, QuoteArguments& arguments) {
  command->add_option("--pki", arguments.pki, "folder that 'pki' made")
      ->required();
  for (const std::string& name : MeasurementNames()) {
    command->add_option("--" + name, arguments.measurements[name],
                        "member of the TD report, hex");
  }
  command
      ->add_option("--pad", arguments.padding,
                   "zero bytes after the quote (default: 0; served: 70)")
      ->check(CLI::Range(std::size_t{0}, kMaxPadding));
  command
      ->add_option("--certification-type", arguments.certification_type,
                   "5: with the PCK chain; 1, 2 or 3: naming it only, for a "
                   "PCCS to look up")
      ->capture_default_str()
      ->check(CLI::IsMember({1, 2, 3, 5}));
  command
      ->add_option("--fault", arguments.fault,
                   "none, replay, report-data, tampered, garbage, truncated")
      ->capture_default_str();
}

void AddServiceOptions(CLI::App* command, QuoteArguments& arguments) {
  AddQuoteOptions(command, arguments);
  command->add_option("--version", arguments.version, "quote version, 4 or 5")
      ->capture_default_str()
      ->check(CLI::IsMember({4, 5}));
  command->add_option("--delay-ms", arguments.delay_ms,
                      "wait before every answer");
  command
      ->add_option("--errno", arguments.error_number,
                   "fail every request with this errno")
      ->check(CLI::Range(1, 4095));
}

Result<QuoteAnswerer> MakeAnswerer(const QuoteArguments& arguments,
                                   std::size_t usual_padding) {
  ASSIGN_OR_RETURN(const Pki pki, Pki::Load(arguments.pki));
  ASSIGN_OR_RETURN(QuoteSigner signer,
                   QuoteSigner::Create(pki, attest::Tee::kTdx,
                                       arguments.certification_type));
  AnswerOptions answers;
  answers.version = arguments.version;
  ASSIGN_OR_RETURN(answers.report, TdReportFromOptions(arguments.measurements));
  answers.padding = arguments.padding.value_or(usual_padding);
  answers.delay = std::chrono::milliseconds(arguments.delay_ms);
  answers.error_number = arguments.error_number;
  ASSIGN_OR_RETURN(answers.fault, ParseFault(arguments.fault));
  return QuoteAnswerer(std::move(signer), answers);
}

}  // namespace tdxvfs::simulator
