// SPDX-License-Identifier: Apache-2.0
#include "simulator/report_entries.h"

#include <errno.h>

#include <algorithm>
#include <span>
#include <utility>

namespace tdxvfs::simulator {
namespace {

constexpr std::string_view kReportPrefix = "/tsm/report/";
constexpr std::size_t kReportDataSize = 64;
constexpr std::size_t kMaxName = 40;
constexpr std::size_t kMaxEntries = 256;

}  // namespace

std::optional<ReportPath> ParseReportPath(std::string_view path) {
  using Level = ReportPath::Level;
  ReportPath parsed;
  if (path == "/") {
    return parsed;
  }
  if (path == "/tsm") {
    parsed.level = Level::kTsm;
    return parsed;
  }
  if (path == "/tsm/report") {
    parsed.level = Level::kReport;
    return parsed;
  }
  if (!path.starts_with(kReportPrefix)) {
    return std::nullopt;
  }
  path.remove_prefix(kReportPrefix.size());
  const std::size_t slash = std::min(path.find('/'), path.size());
  parsed.level = Level::kEntry;
  parsed.entry = std::string(path.substr(0, slash));
  if (slash == path.size()) {
    return parsed;
  }
  const auto* const name = std::find(
      kAttributeNames.begin(), kAttributeNames.end(), path.substr(slash + 1));
  if (name == kAttributeNames.end()) {
    return std::nullopt;
  }
  parsed.level = Level::kAttribute;
  parsed.attribute = static_cast<Attribute>(name - kAttributeNames.begin());
  return parsed;
}

ReportEntry* ReportEntries::Find(const std::string& name) {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second;
}

int ReportEntries::Make(const std::string& name) {
  if (name.size() > kMaxName) {
    return -ENAMETOOLONG;
  }
  if (entries_.size() == kMaxEntries) {
    return -ENOMEM;
  }
  return entries_.try_emplace(name).second ? 0 : -EEXIST;
}

int ReportEntries::Remove(const std::string& name) {
  return entries_.erase(name) == 1 ? 0 : -ENOENT;
}

void ReportEntries::Commit(ReportEntry& entry, const Bytes& inblob) {
  entry.inblob = inblob;
  ++entry.write_generation;
}

int ReportEntries::Refresh(ReportEntry& entry) {
  // The tdx_guest provider takes 64 bytes and nothing else; an inblob that was
  // never written has none.
  if (entry.inblob.size() != kReportDataSize) {
    return -EINVAL;
  }
  if (!entry.outblob.empty() &&
      entry.read_generation == entry.write_generation) {
    return 0;
  }
  auto quote = answerer_.Answer(
      std::span<const std::uint8_t, kReportDataSize>(entry.inblob));
  if (!quote.has_value()) {
    return -EIO;
  }
  if (quote->empty()) {
    return -answerer_.options().error_number;
  }
  entry.outblob = std::move(*quote);
  entry.read_generation = entry.write_generation;
  return 0;
}

}  // namespace tdxvfs::simulator
