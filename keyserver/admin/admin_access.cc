// SPDX-License-Identifier: Apache-2.0
#include "keyserver/admin/admin_access.h"

#include <utility>

#include "common/log.h"

namespace tdxvfs::keyserver {
namespace {

constexpr std::string_view kService = "/tdxvfs.admin.v1.Administration/";
constexpr std::string_view kHealth = "/grpc.health.v1.Health/";

void WarnOfListDates(const ClientAuthority& authority, const Clock& clock) {
  const auto dated = authority.CheckListDates(clock.Now());
  if (!dated.has_value()) {
    Log(LogLevel::kWarning, Event::kConfigWarning,
        "admin.crl: " + dated.error().message());
  }
}

}  // namespace

AdminAccess::AdminAccess(ClientAuthority authority, const Clock* clock)
    : clock_(clock),
      authority_(
          std::make_shared<const ClientAuthority>(std::move(authority))) {
  WarnOfListDates(*authority_, *clock_);
}

void AdminAccess::Replace(ClientAuthority authority) {
  WarnOfListDates(authority, *clock_);
  auto fresh = std::make_shared<const ClientAuthority>(std::move(authority));
  const std::lock_guard lock(mutex_);
  authority_.swap(fresh);
}

Result<Administrator> AdminAccess::Identify(const std::string& leaf_pem) const {
  const std::shared_ptr<const ClientAuthority> authority = [this] {
    const std::lock_guard lock(mutex_);
    return authority_;
  }();
  return authority->Admit(leaf_pem, clock_->Now());
}

Result<void> AdminAccess::CheckCall(std::string_view path,
                                    const std::string& leaf_pem) const {
  auto checked = [&]() -> Result<void> {
    ASSIGN_OR_RETURN(const Administrator caller, Identify(leaf_pem));
    if (path.starts_with(kHealth)) {
      return {};
    }
    // What is not a method of ours has no row, so it is for `admin` alone.
    std::string_view method = path;
    if (path.starts_with(kService)) {
      method.remove_prefix(kService.size());
    }
    return CheckMethod(caller, method);
  }();
  if (!checked.has_value()) {
    Log(LogLevel::kWarning, Event::kAdminRefused, checked.error().ToString(),
        {.reason = std::string(InfoOf(checked.error().reason()).slug)});
  }
  return checked;
}

}  // namespace tdxvfs::keyserver
