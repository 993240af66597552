// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COMMON_AUDIT_CHECK_H_
#define TDXVFS_COMMON_AUDIT_CHECK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/audit_key.h"
#include "common/audit_mark.h"
#include "common/owned_openssl.h"

namespace tdxvfs::audit {

// The first thing that is wrong with a log.
struct Finding {
  std::string file;
  std::uint64_t line = 0;  // counted from 1; 0 for a log as a whole
  std::string text;
};

// What a log shows about itself.
struct Verdict {
  std::optional<Finding> finding;  // nothing: whole, as far as it goes
  std::string instance;
  std::uint64_t first = 0;  // numbers of its first and last line
  std::uint64_t last = 0;
  std::uint64_t lines = 0;           // linked ones, this many were looked at
  std::uint64_t unlinked_bytes = 0;  // of an older version, bound by digest
  std::uint64_t torn = 0;            // lines that crashes tore
  std::uint64_t key_changes = 0;
  std::string head_time;             // of the last signed head
  std::uint64_t unsigned_lines = 0;  // after it
  std::uint64_t heads_found = 0;     // of those that were expected
};

// Checks the lines of a log in order: every number and link, every signed head.
// Stops looking at the first that is wrong. Feed the files oldest first. Not
// thread-safe.
class Check {
 public:
  // Heads must be signed by one of `keys`. `whole`: the log must begin where
  // its chain did; otherwise its first line may also be that of a later file,
  // which the head behind it vouches for.
  Check(std::vector<PublicKey> keys, bool whole)
      : keys_(std::move(keys)), whole_(whole) {}

  // The log must contain this head, which was kept elsewhere, behind the line
  // that it names; it tells whether the log was cut off since.
  // `may_be_archived`: it may also be about a line before those of a log that
  // need not be whole.
  void Expect(const Head& head, bool may_be_archived = false) {
    expected_.push_back({head, may_be_archived, false});
  }

  // The last file of a log has a line: a server puts the first ones in before
  // the file gets its name.
  void BeginFile(std::string_view name);
  // Without its newline.
  void Line(std::string_view line);
  // The file ends in this many bytes without a newline.
  void EndsWithin(std::uint64_t bytes);
  // Behind a full file of a folder, whose name has the number of its last line.
  void EndsFile(std::uint64_t named);
  // Whether it is worth reading on.
  bool failed() const { return verdict_.finding.has_value(); }

  Verdict Finish();

 private:
  struct Expected {
    Head head;
    bool may_be_archived = false;
    bool seen = false;
  };

  void Fail(std::string text);
  void Unlinked(std::string_view line);
  void First(const LinkedLine& line);
  bool BeginsChain(const LinkedLine& line);
  bool BeginsFile(const LinkedLine& line);
  void CheckNumber(const LinkedLine& line);
  void CheckLink(const LinkedLine& line);
  void CheckMark(const LinkedLine& line);
  void CheckHead(const LinkedLine& line);
  std::string LastHead() const;
  void CheckExpected(const LinkedLine& line);
  void CheckReached(const Expected& expected);

  const std::vector<PublicKey> keys_;
  const bool whole_;
  std::vector<Expected> expected_;
  Verdict verdict_;
  std::string file_;
  std::uint64_t line_ = 0;
  std::optional<Position> position_;
  std::optional<Position> head_;  // the last one that held
  bool needs_head_ = false;       // the next line must be one
  // The first line without number and link before the chain.
  std::optional<Finding> first_unlinked_;
  DigestContextPtr unlinked_;  // over the lines without links
};

}  // namespace tdxvfs::audit

#endif  // TDXVFS_COMMON_AUDIT_CHECK_H_
