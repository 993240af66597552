// SPDX-License-Identifier: Apache-2.0
// Limits, deletion and the counting of releases of a SqliteKeyStore.
#include <string>
#include <utility>

#include "common/json_text.h"
#include "keyserver/keys/sqlite_key_store.h"

namespace tdxvfs::keyserver {
namespace {

using std::chrono::sys_seconds;

// Of a volume; the ones that came last are kept.
constexpr std::int64_t kMaxGuests = 1000;

Error LimitError(std::string detail) {
  return {Reason::kRefusedByPolicy, std::move(detail)};
}

std::int64_t SecondsOf(sys_seconds time) {
  return time.time_since_epoch().count();
}

}  // namespace

Result<void> CheckReleasable(const VersionRecord& record,
                             KeyStore::TimePoint now) {
  const std::string name = "version " + std::to_string(record.version);
  const VersionLimits& limits = record.limits;
  if (record.destroyed || record.delete_after.has_value()) {
    return LimitError(name + " is deleted");
  }
  if (record.retired) {
    return LimitError(name + " is retired");
  }
  if (limits.not_before.has_value() && now < *limits.not_before) {
    return LimitError(name + " is not released before " +
                      JsonTime(*limits.not_before));
  }
  if (limits.not_after.has_value() && now > *limits.not_after) {
    return LimitError(name + " is not released after " +
                      JsonTime(*limits.not_after));
  }
  if (limits.releases.has_value() && record.released >= *limits.releases) {
    return LimitError(name + " has had its " +
                      std::to_string(*limits.releases) + " releases");
  }
  return {};
}

Result<void> SqliteKeyStore::SetLimits(std::string_view volume,
                                       std::uint32_t version,
                                       const VersionLimits& limits) {
  return ChangeVersion(volume, version, [&](VersionRecord* record) {
    record->limits = limits;
    record->released = 0;
    return Result<void>();
  });
}

// The transaction reads, compares and writes under the store's lock, so that
// the last release is given once, whoever asks at the same time.
Result<void> SqliteKeyStore::TakeRelease(std::string_view volume,
                                         std::uint32_t version, TimePoint now) {
  return ChangeVersion(volume, version, [&](VersionRecord* record) {
    auto releasable = CheckReleasable(*record, now);
    if (releasable.has_value()) {
      ++record->released;
    }
    return releasable;
  });
}

Result<void> SqliteKeyStore::GiveBack(std::string_view volume,
                                      std::uint32_t version) {
  return ChangeVersion(volume, version, [](VersionRecord* record) {
    record->released -= record->released > 0 ? 1 : 0;
    return Result<void>();
  });
}

Result<void> SqliteKeyStore::SetDeletion(
    std::string_view volume, std::uint32_t version,
    std::optional<sys_seconds> delete_after) {
  return ChangeVersion(
      volume, version, [&](VersionRecord* record) -> Result<void> {
        if (record->destroyed) {
          return Error(Reason::kVersionUnknown,
                       "the passphrase of volume '" + record->volume +
                           "' version " + std::to_string(record->version) +
                           " is destroyed");
        }
        record->delete_after = delete_after;
        return {};
      });
}

Result<void> SqliteKeyStore::IndexDeletion(const VersionRecord& record) {
  const bool pending = record.delete_after.has_value() && !record.destroyed;
  ASSIGN_OR_RETURN(
      SqliteStatement index,
      Prepare(pending ? "INSERT OR REPLACE INTO deletions VALUES(?, ?, ?)"
                      : "DELETE FROM deletions "
                        "WHERE volume = ? AND version = ?"));
  index.Bind(record.volume).Bind(std::int64_t{record.version});
  if (pending) {
    index.Bind(SecondsOf(*record.delete_after));
  }
  return index.Run();
}

// The index only finds them; what the sealed states say counts.
Result<std::vector<Listed<VersionRecord>>> SqliteKeyStore::ListDue(
    TimePoint now) {
  const std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(SqliteStatement query,
                   Prepare("SELECT volume, version FROM deletions "
                           "WHERE delete_after < ?"));
  query.Bind(SecondsOf(std::chrono::floor<std::chrono::seconds>(now)));
  std::vector<Listed<VersionRecord>> due;
  while (true) {
    ASSIGN_OR_RETURN(const bool found, query.Step());
    if (!found) {
      return due;
    }
    const std::string volume = query.Text(0);
    const auto number = static_cast<std::uint32_t>(query.Number(1));
    Result<VersionRecord> record = rows().RequireVersion(volume, number);
    const bool damaged = !record.has_value();
    if (damaged || (!record->destroyed && record->delete_after.has_value() &&
                    *record->delete_after < now)) {
      RETURN_IF_ERROR(AddListed(volume, number, std::move(record), &due));
    }
  }
}

Result<bool> SqliteKeyStore::Destroy(std::string_view volume,
                                     std::uint32_t version, TimePoint now) {
  bool destroyed = false;
  RETURN_IF_ERROR(ChangeVersion(volume, version, [&](VersionRecord* record) {
    record->destroyed =
        record->destroyed ||
        (record->delete_after.has_value() && *record->delete_after < now);
    destroyed = record->destroyed;
    return Result<void>();
  }));
  return destroyed;
}

Result<void> SqliteKeyStore::NoteGuests(std::string_view volume,
                                        const std::vector<GuestSeen>& guests) {
  const std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(SqliteTransaction transaction,
                   SqliteTransaction::Begin(database_.get()));
  for (const GuestSeen& guest : guests) {
    ASSIGN_OR_RETURN(SqliteStatement upsert,
                     Prepare("INSERT INTO guests VALUES(?, ?, ?, ?, ?) "
                             "ON CONFLICT(volume, version, peer) DO UPDATE SET "
                             "last = excluded.last, releases = releases + "
                             "excluded.releases"));
    RETURN_IF_ERROR(upsert.Bind(volume)
                        .Bind(std::int64_t{guest.version})
                        .Bind(guest.peer)
                        .Bind(SecondsOf(guest.last))
                        .Bind(static_cast<std::int64_t>(guest.releases))
                        .Run());
  }
  ASSIGN_OR_RETURN(
      SqliteStatement forget,
      Prepare("DELETE FROM guests WHERE volume = ?1 AND (version, peer) IN "
              "(SELECT version, peer FROM guests WHERE volume = ?1 "
              "ORDER BY last DESC LIMIT -1 OFFSET ?2)"));
  RETURN_IF_ERROR(forget.Bind(volume).Bind(kMaxGuests).Run());
  return transaction.Commit();
}

Result<std::vector<GuestSeen>> SqliteKeyStore::ListGuests(
    std::string_view volume, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(rows().RequireVolume(volume));
  ASSIGN_OR_RETURN(SqliteStatement query,
                   Prepare("SELECT version, peer, last, releases FROM guests "
                           "WHERE volume = ? ORDER BY last DESC LIMIT ?"));
  query.Bind(volume).Bind(static_cast<std::int64_t>(limit));
  std::vector<GuestSeen> guests;
  while (true) {
    ASSIGN_OR_RETURN(const bool found, query.Step());
    if (!found) {
      return guests;
    }
    guests.push_back({static_cast<std::uint32_t>(query.Number(0)),
                      query.Text(1),
                      sys_seconds(std::chrono::seconds(query.Number(2))),
                      static_cast<std::uint64_t>(query.Number(3))});
  }
}

}  // namespace tdxvfs::keyserver
