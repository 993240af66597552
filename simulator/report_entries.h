// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_SIMULATOR_REPORT_ENTRIES_H_
#define TDXVFS_SIMULATOR_REPORT_ENTRIES_H_

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "simulator/quote_answerer.h"

namespace tdxvfs::simulator {

// One report directory of configfs-tsm.
struct ReportEntry {
  Bytes inblob;
  std::uint64_t write_generation = 0;
  std::uint64_t read_generation = 0;
  Bytes outblob;
};

enum class Attribute : std::uint8_t {
  kGeneration,
  kProvider,
  kInblob,
  kOutblob
};
inline constexpr std::array<std::string_view, 4> kAttributeNames = {
    "generation", "provider", "inblob", "outblob"};

// What a path below the mount point means.
struct ReportPath {
  enum class Level : std::uint8_t { kRoot, kTsm, kReport, kEntry, kAttribute };
  Level level = Level::kRoot;
  std::string entry;
  Attribute attribute = Attribute::kGeneration;
};
std::optional<ReportPath> ParseReportPath(std::string_view path);

// The report directories and what happens to them. Functions return 0 or a
// negative errno, as the kernel's do. Not thread-safe.
class ReportEntries {
 public:
  explicit ReportEntries(QuoteAnswerer& answerer) : answerer_(answerer) {}

  ReportEntry* Find(const std::string& name);
  const std::map<std::string, ReportEntry>& all() const { return entries_; }
  int Make(const std::string& name);
  int Remove(const std::string& name);
  // Takes a written inblob over, as the kernel does at close().
  static void Commit(ReportEntry& entry, const Bytes& inblob);
  // Makes outblob fresh: a new quote when inblob was written since.
  int Refresh(ReportEntry& entry);

 private:
  QuoteAnswerer& answerer_;
  std::map<std::string, ReportEntry> entries_;
};

}  // namespace tdxvfs::simulator

#endif  // TDXVFS_SIMULATOR_REPORT_ENTRIES_H_
