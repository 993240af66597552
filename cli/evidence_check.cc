// SPDX-License-Identifier: Apache-2.0
#include "cli/evidence_check.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <system_error>
#include <vector>

#include "cli/json_leaves.h"
#include "common/hex.h"
#include "common/sha256.h"

namespace tdxvfs::cli {
namespace {

// Nobody else can have written it: quotes inside of strings are escaped.
constexpr std::string_view kPlaceMember = R"("evidence_at":")";

// What comes before the day in a file's name: releases and refusals are dropped
// each by themselves.
std::string_view KindOf(std::string_view name) {
  return name.substr(0, name.find('-') + 1);
}

Error UnreadableEvidence(const std::filesystem::path& path) {
  return SystemError(Reason::kFileUnreadable,
                     "evidence '" + path.string() + "'", errno);
}

// Fewer bytes than asked for where the file ends before.
Result<std::vector<std::uint8_t>> ReadAt(const UniqueFd& file,
                                         const audit::EvidencePlace& place) {
  std::vector<std::uint8_t> bytes(place.size);
  const ssize_t got = pread(file.get(), bytes.data(), bytes.size(),
                            static_cast<off_t>(place.offset));
  // An offset beyond what any file has is past the end, too.
  if (got < 0 && errno != EINVAL) {
    return UnreadableEvidence(place.file);
  }
  bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return bytes;
}

}  // namespace

void EvidenceCheck::InFolderOf(const std::filesystem::path& log) {
  const std::filesystem::path folder =
      log.parent_path() / audit::kEvidenceFolder;
  if (folder != folder_) {
    folder_ = folder;
    open_name_.clear();
  }
}

Result<void> EvidenceCheck::Line(std::string_view line) {
  if (line.find(kPlaceMember) == std::string_view::npos) {
    return {};
  }
  ++count_.noted;
  const auto record = ReadJsonLeaves(line);
  const auto place =
      record.has_value()
          ? audit::ParseEvidencePlace(LeafAt(*record, "evidence_at"))
          : std::nullopt;
  if (!place.has_value()) {
    Wrong("", "", "a record names no place where evidence can be");
    return {};
  }
  return Compare(*place, LeafAt(*record, "audit_id"),
                 LeafAt(*record, "evidence_sha256"));
}

Result<void> EvidenceCheck::Compare(const audit::EvidencePlace& place,
                                    std::string_view audit_id,
                                    std::string_view digest) {
  RETURN_IF_ERROR(OpenFile(place.file));
  if (!open_file_.valid()) {
    if (older_is_there_) {
      Wrong(place.file, audit_id,
            "gone, though an older one is there; a server drops the oldest "
            "first");
    }
    return {};
  }
  ASSIGN_OR_RETURN(const std::vector<std::uint8_t> bytes,
                   ReadAt(open_file_, place));
  if (bytes.size() < place.size) {
    Wrong(place.file, audit_id,
          "cut off (by a power cut, perhaps: evidence is not synced)");
    return {};
  }
  ASSIGN_OR_RETURN(const Sha256Digest shown, Sha256(bytes));
  if (ToHex(shown) != digest) {
    Wrong(place.file, audit_id, "not what the guest showed");
    return {};
  }
  ++count_.there;
  return {};
}

// Records come in the order of their files, so one is open at a time, and the
// folder is listed once for each that is gone.
Result<void> EvidenceCheck::OpenFile(const std::string& name) {
  if (name == open_name_) {
    return {};
  }
  const std::filesystem::path path = folder_ / name;
  open_file_ = UniqueFd(
      open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!open_file_.valid() && errno != ENOENT) {
    return UnreadableEvidence(path);
  }
  struct stat status {};
  if (open_file_.valid() &&
      (fstat(open_file_.get(), &status) != 0 || !S_ISREG(status.st_mode))) {
    return Error(Reason::kFileUnreadable,
                 "evidence '" + path.string() + "' is no regular file");
  }
  older_is_there_ = false;
  if (!open_file_.valid()) {
    ASSIGN_OR_RETURN(older_is_there_, OlderIsThere(name));
  }
  open_name_ = name;
  return {};
}

// Asked after the file was found gone: whatever is older was dropped before.
Result<bool> EvidenceCheck::OlderIsThere(const std::string& name) const {
  std::error_code error;
  std::filesystem::directory_iterator entry(folder_, error);
  for (; !error && entry != std::filesystem::directory_iterator();
       entry.increment(error)) {
    const std::string other = entry->path().filename().string();
    if (KindOf(other) == KindOf(name) && other < name) {
      return true;
    }
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return SystemError(Reason::kFileUnreadable,
                       "folder '" + folder_.string() + "'", error.value());
  }
  return false;
}

void EvidenceCheck::Wrong(const std::string& file, std::string_view audit_id,
                          std::string_view text) {
  if (count_.wrong++ == 0) {
    count_.first_file = (folder_ / file).string();
    count_.first =
        (audit_id.empty() ? "" : "of " + std::string(audit_id) + ": ") +
        std::string(text);
  }
}

}  // namespace tdxvfs::cli
