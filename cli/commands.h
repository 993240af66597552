// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_COMMANDS_H_
#define TDXVFS_CLI_COMMANDS_H_

#include "cli/command_set.h"

namespace tdxvfs::cli {

// Every command of the program; each is in the file of its name.
void AddQuoteInspect(CommandSet& commands);
void AddQuoteVerify(CommandSet& commands);
void AddCollateralFetch(CommandSet& commands);
void AddCollateralExport(CommandSet& commands);
void AddCollateralImport(CommandSet& commands);
void AddCollateralShow(CommandSet& commands);
void AddVolumePack(CommandSet& commands);
void AddVolumeInspect(CommandSet& commands);
void AddVolumeVerify(CommandSet& commands);
void AddVolumeExtract(CommandSet& commands);
void AddVolumeDiff(CommandSet& commands);
void AddVolumeRepack(CommandSet& commands);
void AddVolumeImport(CommandSet& commands);
void AddKeyPut(CommandSet& commands);
void AddKeyImport(CommandSet& commands);
void AddKeyList(CommandSet& commands);
void AddKeyRetire(CommandSet& commands);
void AddKeyDisable(CommandSet& commands);
void AddKeyEnable(CommandSet& commands);
void AddKeyLimit(CommandSet& commands);
void AddKeyDelete(CommandSet& commands);
void AddKeyUndelete(CommandSet& commands);
void AddPolicyPut(CommandSet& commands);
void AddPolicyShow(CommandSet& commands);
void AddPolicyHistory(CommandSet& commands);
void AddPolicyDiff(CommandSet& commands);
void AddPolicyRollback(CommandSet& commands);
void AddPolicyFromQuote(CommandSet& commands);
void AddPolicyFromAudit(CommandSet& commands);
void AddAuditList(CommandSet& commands);
void AddAuditShow(CommandSet& commands);
void AddAuditExplain(CommandSet& commands);
void AddAuditExport(CommandSet& commands);
void AddAuditVerify(CommandSet& commands);
void AddPolicyTest(CommandSet& commands);
void AddFleetForecast(CommandSet& commands);

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_COMMANDS_H_
