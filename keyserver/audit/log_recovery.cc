// SPDX-License-Identifier: Apache-2.0
#include "keyserver/audit/log_recovery.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <openssl/rand.h>

#include "common/audit_line.h"
#include "common/audit_mark.h"
#include "common/json_text.h"
#include "common/openssl_error.h"
#include "common/owned_openssl.h"
#include "keyserver/audit/line_scanner.h"

namespace tdxvfs::keyserver {
namespace {

using Time = std::chrono::system_clock::time_point;

constexpr off_t kDigestBlock = off_t{1} << 20U;

Result<Sha256Digest> DigestOf(int file, off_t offset, off_t end) {
  const DigestContextPtr context(EVP_MD_CTX_new());
  Sha256Digest digest{};
  bool good =
      context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
  while (good && offset < end) {
    const off_t size = std::min(kDigestBlock, end - offset);
    ASSIGN_OR_RETURN(const std::string block,
                     ReadRange(file, offset, static_cast<std::size_t>(size)));
    good = EVP_DigestUpdate(context.get(), block.data(), block.size()) == 1;
    offset += size;
  }
  if (!good || EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) != 1) {
    return OpensslError(Reason::kInternal, "digest of the audit log");
  }
  return digest;
}

// Cuts a torn last line off and says so in a mark.
Result<std::optional<std::string>> CutTornLine(
    LogView* view, const std::filesystem::path& name, Time now) {
  const int file = view->current->get();
  ASSIGN_OR_RETURN(const off_t end, EndOfLastLine(file, view->size));
  if (end == view->size) {
    return std::optional<std::string>();
  }
  ASSIGN_OR_RETURN(const Sha256Digest digest, DigestOf(file, end, view->size));
  const auto torn = static_cast<std::uint64_t>(view->size - end);
  if (ftruncate(file, end) != 0 || fsync(file) != 0) {
    return SystemError(Reason::kAuditUnavailable,
                       "cut the torn last line of '" + name.string() + "'",
                       errno);
  }
  view->size = end;
  return std::optional(audit::TornJson(torn, digest, now));
}

// What the newest lines say. Heads stand close enough together that the last
// one is near.
struct Newest {
  std::optional<std::string> line;
  std::optional<audit::Head> head;
  std::string head_line;
  std::uint32_t behind_head = 0;
  std::optional<AuditId> id;
};

Result<Newest> ReadNewest(const LogView& view) {
  Newest newest;
  RETURN_IF_ERROR(ScanBackward(view, [&](std::string_view line) {
    if (!newest.line.has_value()) {
      newest.line = std::string(line);
    }
    const auto linked = audit::ReadLinkedLine(line);
    if (!newest.head.has_value() && linked.has_value()) {
      newest.head = audit::ReadHead(linked->body);
      newest.behind_head += newest.head.has_value() ? 0U : 1U;
      newest.head_line = newest.head.has_value() ? line : "";
    }
    const auto head = ReadHead(line);
    if (!newest.id.has_value() && head.has_value() && head->kind != "outcome") {
      newest.id = AuditId::Parse(head->audit_id);
    }
    const bool is_linked = linked.has_value();
    return !newest.id.has_value() || (is_linked && !newest.head.has_value());
  }));
  return newest;
}

Result<AuditId> NewInstance() {
  AuditId id;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&id.instance),
                 sizeof(id.instance)) != 1) {
    return OpensslError(Reason::kInternal, "random bytes");
  }
  return id;
}

// The instance goes on with the ids, also where nothing was decided yet.
Result<AuditId> LastId(const Newest& newest) {
  if (newest.id.has_value()) {
    return *newest.id;
  }
  if (newest.head.has_value()) {
    const auto id = AuditId::Parse(newest.head->instance + "-0");
    if (id.has_value()) {
      return *id;
    }
  }
  return NewInstance();
}

std::string InstanceOf(const AuditId& id) { return id.ToString().substr(0, 4); }

// The mark that a new chain begins with; it binds what is there already.
Result<std::string> BeginChain(const LogView& view, const AuditId& id,
                               const audit::PublicKey& key, Time now) {
  if (view.size > 0) {
    bool linked = false;
    RETURN_IF_ERROR(ScanLinesForward(
        view.current->get(), 0, view.size, [&](std::string_view line) {
          linked = audit::ReadLinkedLine(line).has_value();
          return false;
        }));
    if (linked || !view.full.empty()) {
      return Error(Reason::kAuditUnavailable,
                   "the audit log ends in a line without a link, which this "
                   "server did not write; check it with 'tdxvfs audit verify' "
                   "and put it away");
    }
  }
  ASSIGN_OR_RETURN(const Sha256Digest digest,
                   DigestOf(view.current->get(), 0, view.size));
  return audit::ToJson(
      audit::ChainBegin{InstanceOf(id), key.bytes(),
                        static_cast<std::uint64_t>(view.size), digest},
      now);
}

// The time in the current file's first line; this moment's when it has none.
Result<std::string> FileBegan(const LogView& view, Time now) {
  constexpr std::string_view time = R"("time":")";
  std::string began = JsonTime(now);
  RETURN_IF_ERROR(ScanLinesForward(
      view.current->get(), 0, view.size, [&](std::string_view line) {
        const std::size_t at = line.find(time);
        if (at != std::string_view::npos &&
            line.size() >= at + time.size() + began.size()) {
          began = line.substr(at + time.size(), began.size());
        }
        return false;
      }));
  return began;
}

}  // namespace

Result<LeftLog> RecoverLog(LogView* view, const std::filesystem::path& name,
                           const audit::PublicKey& key, Time now) {
  ASSIGN_OR_RETURN(const std::optional<std::string> torn,
                   CutTornLine(view, name, now));
  ASSIGN_OR_RETURN(const Newest newest, ReadNewest(*view));
  LeftLog left;
  ASSIGN_OR_RETURN(left.last, LastId(newest));
  const auto linked = newest.line.has_value()
                          ? audit::ReadLinkedLine(*newest.line)
                          : std::nullopt;
  if (!linked.has_value()) {
    ASSIGN_OR_RETURN(left.begin, BeginChain(*view, left.last, key, now));
  } else {
    left.state = {linked->position, newest.behind_head, newest.head_line};
    left.ends_in_head = newest.head.has_value() && newest.behind_head == 0;
    if (view->size == 0) {
      // Killed between the end of one file and the beginning of the next.
      left.begin = audit::ToJson(
          audit::FileBegin{InstanceOf(left.last), linked->position}, now);
    }
  }
  ASSIGN_OR_RETURN(left.file_began, FileBegan(*view, now));
  if (torn.has_value()) {
    left.marks.push_back(*torn);
  }
  if (newest.head.has_value() && newest.head->key != key.bytes()) {
    left.marks.push_back(audit::KeyChangeJson(key, newest.head->key, now));
  }
  return left;
}

}  // namespace tdxvfs::keyserver
