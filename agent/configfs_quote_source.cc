// SPDX-License-Identifier: Apache-2.0
#include "agent/configfs_quote_source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>

#include "agent/stop_request.h"
#include "attest/quote.h"
#include "common/hex.h"
#include "common/secret.h"
#include "common/unique_fd.h"

namespace tdxvfs::agent {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr int kTries = 5;
constexpr mode_t kOwnerOnly = 0700;
constexpr std::string_view kProvider = "tdx_guest";

Error DeviceError(const std::filesystem::path& path, std::string_view action,
                  int error_number) {
  const std::string message = std::string(action) + " '" + path.string() + "'";
  if (error_number == EINTR && StopRequested()) {
    return {Reason::kStopped, "stopped while waiting for a quote"};
  }
  switch (error_number) {
    case ENOENT:
    case ENXIO:
    case ENODEV:
      return SystemError(Reason::kQuoteDeviceMissing, message, error_number);
    case ETIMEDOUT:
      return SystemError(Reason::kQuoteTimeout, message, error_number);
    default:
      return SystemError(Reason::kQuoteFailed, message, error_number);
  }
}

// One report directory: made by Make, removed when destroyed.
class ReportDirectory {
 public:
  static Result<ReportDirectory> Make(const std::filesystem::path& parent) {
    // Two agents never share a report; a name of our own keeps them apart.
    ASSIGN_OR_RETURN(const Secret random, Secret::Random(8));
    const auto path = parent / ("tdxvfs-" + std::to_string(getpid()) + "-" +
                                ToHex(random.Reveal()));
    if (mkdir(path.c_str(), kOwnerOnly) != 0) {
      return DeviceError(parent, "make a report in", errno);
    }
    return ReportDirectory(path);
  }
  ReportDirectory(ReportDirectory&& other) noexcept
      : path_(std::exchange(other.path_, {})) {}
  ReportDirectory& operator=(ReportDirectory&&) = delete;
  ReportDirectory(const ReportDirectory&) = delete;
  ReportDirectory& operator=(const ReportDirectory&) = delete;
  ~ReportDirectory() {
    if (!path_.empty()) {
      rmdir(path_.c_str());
    }
  }

  Result<Bytes> Read(const char* attribute, std::size_t max_size) const {
    const auto path = path_ / attribute;
    const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid()) {
      return DeviceError(path, "open", errno);
    }
    Bytes content(max_size + 1);
    std::size_t used = 0;
    while (used < content.size()) {
      const ssize_t count =
          read(file.get(), &content[used], content.size() - used);
      if (count < 0) {
        return DeviceError(path, "read", errno);
      }
      if (count == 0) {
        break;
      }
      used += static_cast<std::size_t>(count);
    }
    if (used > max_size) {
      return Error(Reason::kQuoteFailed,
                   "read '" + path.string() + "': more than " +
                       std::to_string(max_size) + " bytes");
    }
    content.resize(used);
    return content;
  }

  Result<void> Write(const char* attribute,
                     std::span<const std::uint8_t> content) const {
    const auto path = path_ / attribute;
    UniqueFd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file.valid()) {
      return DeviceError(path, "open", errno);
    }
    const ssize_t count = write(file.get(), content.data(), content.size());
    if (count != static_cast<ssize_t>(content.size())) {
      return DeviceError(path, "write", count < 0 ? errno : EIO);
    }
    // configfs takes a binary attribute over at close.
    if (close(file.Release()) != 0) {
      return DeviceError(path, "write", errno);
    }
    return {};
  }

  // Counts the writes to this report.
  Result<std::uint64_t> Generation() const {
    ASSIGN_OR_RETURN(const Bytes content, Read("generation", 64));
    const std::string_view text = AsText(content);
    std::uint64_t generation = 0;
    const auto [rest, failure] =
        std::from_chars(text.data(), text.data() + text.size(), generation);
    if (failure != std::errc()) {
      return Error(Reason::kQuoteFailed,
                   "'" + path_.string() + "/generation' is not a number");
    }
    return generation;
  }

  Result<void> CheckProvider() const {
    ASSIGN_OR_RETURN(const Bytes content, Read("provider", 64));
    std::string_view provider = AsText(content);
    provider = provider.substr(0, provider.find('\n'));
    if (provider != kProvider) {
      return Error(Reason::kQuoteDeviceMissing,
                   "the quote provider is '" + std::string(provider) +
                       "', not '" + std::string(kProvider) + "'");
    }
    return {};
  }

 private:
  explicit ReportDirectory(std::filesystem::path path)
      : path_(std::move(path)) {}
  std::filesystem::path path_;
};

// The quote, or nothing when somebody else wrote to the report meanwhile: then
// the generation is not exactly one write further (threat G4).
Result<std::optional<Bytes>> TryOnce(const ReportDirectory& report,
                                     const attest::ReportDataBytes& data) {
  ASSIGN_OR_RETURN(const std::uint64_t before, report.Generation());
  RETURN_IF_ERROR(report.Write("inblob", data));
  ASSIGN_OR_RETURN(Bytes quote, report.Read("outblob", attest::kMaxQuoteSize));
  ASSIGN_OR_RETURN(const std::uint64_t after, report.Generation());
  if (quote.empty()) {
    return Error(Reason::kQuoteFailed, "the quote device returned no quote");
  }
  if (after != before + 1) {
    return std::optional<Bytes>();
  }
  return std::optional<Bytes>(std::move(quote));
}

}  // namespace

Result<Bytes> ConfigfsQuoteSource::Get(
    const attest::ReportDataBytes& report_data) {
  const auto parent = configfs_root_ / "tsm" / "report";
  ASSIGN_OR_RETURN(const ReportDirectory report, ReportDirectory::Make(parent));
  RETURN_IF_ERROR(report.CheckProvider());
  for (int i = 0; i < kTries; ++i) {
    ASSIGN_OR_RETURN(std::optional<Bytes> quote, TryOnce(report, report_data));
    if (StopRequested()) {
      return Error(Reason::kStopped, "stopped while waiting for a quote");
    }
    if (quote.has_value()) {
      return *std::move(quote);
    }
  }
  return Error(Reason::kQuoteFailed, "other writes came between in each of " +
                                         std::to_string(kTries) +
                                         " tries at '" + parent.string() + "'");
}

}  // namespace tdxvfs::agent
