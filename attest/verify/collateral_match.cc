// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/collateral_match.h"

#include <string>

#include "attest/verify/equal_check.h"
#include "common/hex.h"

namespace tdxvfs::verify {
namespace {

std::string NameOf(attest::Tee tee) {
  return tee == attest::Tee::kTdx ? "TDX" : "SGX";
}

}  // namespace

attest::Checks CheckTcbInfoMatch(attest::Tee tee, const PckPlatform& platform,
                                 const TcbInfo& tcb_info) {
  return ChecksOf(
      EqualCheck("TCB info for this TEE", NameOf(tee), NameOf(tcb_info.tee),
                 "Intel PCS API v4, TCB info: id"),
      EqualCheck("TCB info for this FMSPC", ToHex(platform.fmspc),
                 ToHex(tcb_info.fmspc), "Intel PCS API v4, TCB info: fmspc"),
      EqualCheck("TCB info for this PCEID", ToHex(platform.pce_id),
                 ToHex(tcb_info.pce_id), "Intel PCS API v4, TCB info: pceId"));
}

attest::Check CheckQeIdentityMatch(attest::Tee tee,
                                   const QeIdentity& identity) {
  const auto id_of = [](attest::Tee of) {
    return std::string(of == attest::Tee::kTdx ? "TD_QE" : "QE");
  };
  return EqualCheck("QE identity for this TEE", id_of(tee), id_of(identity.tee),
                    "Intel PCS API v4, enclave identity: id");
}

}  // namespace tdxvfs::verify
