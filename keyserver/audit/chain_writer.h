// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_KEYSERVER_AUDIT_CHAIN_WRITER_H_
#define TDXVFS_KEYSERVER_AUDIT_CHAIN_WRITER_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "common/audit_key.h"
#include "common/audit_mark.h"
#include "common/result.h"

namespace tdxvfs::keyserver {

// Where a log stands and how much of it no head covers yet.
struct ChainState {
  audit::Position position;
  std::uint32_t unsigned_lines = 0;
  std::string head;  // the newest one, its whole line
};

// Turns records into lines of a hash chain (docs/audit.md) and puts signed
// heads between them. Writes nothing: the caller appends the text, and goes
// back to the state before where that fails. Everything fails with kInternal
// only. Not thread-safe.
class ChainWriter {
 public:
  using Time = std::chrono::system_clock::time_point;

  ChainWriter(audit::SigningKey key, std::string instance, ChainState state)
      : key_(std::move(key)),
        instance_(std::move(instance)),
        state_(std::move(state)) {}

  const ChainState& state() const { return state_; }
  void GoBack(ChainState state) { state_ = std::move(state); }
  const audit::PublicKey& key() const { return key_.public_key(); }
  const std::string& instance() const { return instance_; }

  // A record (a JSON object), and a head behind it when one is due.
  Result<void> Add(std::string_view json, Time now, std::string* text);
  Result<void> AddHead(Time now, std::string* text);

 private:
  Result<void> AddLine(std::string_view json, std::string* text);

  audit::SigningKey key_;
  std::string instance_;
  ChainState state_;
};

}  // namespace tdxvfs::keyserver

#endif  // TDXVFS_KEYSERVER_AUDIT_CHAIN_WRITER_H_
