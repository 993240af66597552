// SPDX-License-Identifier: Apache-2.0
#include "simulator/collateral_arguments.h"

#include "simulator/pccs_fault.h"

namespace tdxvfs::simulator {

void AddCollateralOptions(CLI::App* command, CollateralOptions& options) {
  command->add_option("--tee", options.tee, "tdx or sgx")
      ->capture_default_str();
  command
      ->add_option("--tcb-info-version", options.tcb_info_version,
                   "version of the TCB info, 2 (SGX only) or 3")
      ->capture_default_str()
      ->check(CLI::IsMember({2, 3}));
  command->add_option("--status", options.status,
                      "of the platform's TCB level (default: UpToDate)");
  command->add_option("--module-status", options.module_status,
                      "of the TDX module's level (default: UpToDate)");
  command->add_option("--qe-status", options.qe_status,
                      "of the quoting enclave's level (default: UpToDate)");
  command->add_option("--tcb-date", options.tcb_date,
                      "of these levels, YYYY-MM-DDThh:mm:ssZ");
  command->add_option("--advisory", options.advisory_ids,
                      "of the platform's level; may be repeated");
  command
      ->add_option("--evaluation-number", options.evaluation_number,
                   "tcbEvaluationDataNumber (default: 20)")
      ->check(CLI::PositiveNumber);
  command->add_option("--at", options.at,
                      "when it is fetched, YYYY-MM-DDThh:mm:ssZ "
                      "(default: now)");
  command->add_option("--next-update", options.next_update,
                      "until when everything may be used "
                      "(default: 29 days on)");
  command->add_option("--revoke", options.revoke,
                      "leaf, intermediate or tcb-signing; may be repeated");
}

void AddPccsOptions(CLI::App* command, PccsArguments& arguments) {
  command
      ->add_option("--listen", arguments.listen,
                   "numeric address and port; port 0: a free one")
      ->capture_default_str();
  CLI::Option* const certificate = command->add_option(
      "--tls-certificate", arguments.tls_certificate, "PEM file: HTTPS");
  CLI::Option* const key =
      command->add_option("--tls-key", arguments.tls_key, "PEM file");
  certificate->needs(key);
  key->needs(certificate);
  command
      ->add_option(
          "--fault", arguments.faults,
          "KIND[,PATH[,TIMES]], may be repeated; kinds: " + PccsFaultWords())
      ->delimiter('\0');
  command->add_option("--early-status", arguments.early_status,
                      "of the platform's TCB level in what update=early gives "
                      "(default: as --status)");
  command->add_option("--delay-ms", arguments.delay_ms, "of the fault 'slow'")
      ->capture_default_str();
}

}  // namespace tdxvfs::simulator
