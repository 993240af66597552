// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_RELEASE_WIRE_H_
#define TDXVFS_KEYSERVER_RELEASE_WIRE_H_

#include <grpcpp/support/status.h>

#include "common/result.h"
#include "keyserver/release_key.h"
#include "tdxvfs/v1/release.pb.h"

namespace tdxvfs::keyserver {

// Fills what Begin says into `exchange`, so that a refusal can be recorded
// with as much as was understood. Fails with kRequestInvalid,
// kMessageTooLarge, kPurposeUnsupported, kEvidenceUnsupported.
Result<void> ReadBegin(const v1::Begin& begin, Exchange* exchange);

// Fails with kRequestInvalid or kMessageTooLarge.
Result<Evidence> ReadEvidence(const v1::Evidence& evidence);

// What the guest says became of the grant. Read only after its MAC was checked.
struct GuestOutcome {
  bool opened = false;
  std::string reason;  // slug
};
Result<GuestOutcome> ReadOutcome(const v1::Outcome& outcome);

v1::ServerMessage ChallengeMessage(const Nonce& nonce,
                                   std::chrono::seconds deadline);
v1::ServerMessage ReleaseMessage(const SealedGrant& grant);

// A refusal as the guest sees it: code, slug, audit id, and nothing of what
// differed (docs/protocol.md, "Refusals").
grpc::Status RefusalStatus(const Error& error);

// The same with the whole message, for administrators.
grpc::Status AdminStatus(const Error& error);

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_RELEASE_WIRE_H_
