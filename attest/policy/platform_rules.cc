// SPDX-License-Identifier: Apache-2.0
#include "attest/policy/platform_rules.h"

#include <string>
#include <utility>

#include "attest/policy/check_list.h"
#include "attest/policy/json_lists.h"

namespace tdxvfs::policy {
namespace {

template <std::size_t kSize>
attest::Check CheckIfKnown(
    std::string name, const std::vector<attest::ByteArray<kSize>>& accepted,
    const attest::ByteArray<kSize>* actual) {
  if (actual == nullptr) {
    return {std::move(name), ListText(accepted), "not known without collateral",
            false, kByPolicy};
  }
  return CheckListed(std::move(name), accepted, *actual);
}

}  // namespace

Result<PlatformRules> ReadPlatformRules(const JsonMember& member) {
  PlatformRules rules;
  RETURN_IF_ERROR(member.ForEachMember(
      [&rules](std::string_view name, const JsonMember& list) -> Result<void> {
        if (name == "fmspc") {
          ASSIGN_OR_RETURN(rules.fmspc, ReadByteArrays<6>(list));
        } else if (name == "ppid") {
          ASSIGN_OR_RETURN(rules.ppid, ReadByteArrays<16>(list));
        } else {
          return JsonMember::UnknownMember(list, "fmspc, ppid");
        }
        return {};
      }));
  return rules;
}

attest::Checks CheckPlatform(const PlatformRules& rules,
                             const attest::TcbVerdict* verdict) {
  attest::Checks checks;
  if (!rules.fmspc.empty()) {
    checks.push_back(
        CheckIfKnown("platform fmspc", rules.fmspc,
                     verdict == nullptr ? nullptr : &verdict->fmspc));
  }
  if (!rules.ppid.empty()) {
    checks.push_back(
        CheckIfKnown("platform ppid", rules.ppid,
                     verdict == nullptr ? nullptr : &verdict->ppid));
  }
  return checks;
}

}  // namespace tdxvfs::policy
