// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "luks/image/child_process.h"
#include "luks/image/file_system_image.h"
#include "luks/image/pending_file.h"

namespace tdxvfs::image {
namespace {

constexpr std::string_view kTool = "mkfs.erofs";
constexpr std::string_view kMark = "[Error ";  // before an errno
constexpr std::uint64_t kBlockSize = 4096;     // bytes

std::string Quoted(const std::filesystem::path& path) {
  return "'" + path.string() + "'";
}

// The tool ends a failure with "... [Error 28] No space left on device".
int ErrorNumberIn(std::string_view line) {
  const std::size_t mark = line.find(kMark);
  int number = 0;
  if (mark != std::string_view::npos) {
    const std::string_view digits = line.substr(mark + kMark.size());
    (void)std::from_chars(digits.data(), digits.data() + digits.size(), number);
  }
  return number;
}

Error FailureOf(const ChildOutcome& outcome,
                const std::filesystem::path& source) {
  const std::string what =
      std::string(kTool) + " of source " + Quoted(source) + ": ";
  if (outcome.signal == SIGXFSZ) {
    return SystemError(Reason::kNoSpace, what + "image", EFBIG);
  }
  if (outcome.exit_code < 0) {
    return {Reason::kInternal,
            what + "ended by signal " + std::to_string(outcome.signal)};
  }
  int number = ErrorNumberIn(outcome.last_line);
  if (number == ERANGE) {
    number = ENOSPC;  // the tool's word for a write that was cut short
  }
  if (ReasonOfWrite(number) == Reason::kNoSpace) {
    return SystemError(Reason::kNoSpace, what + "image in the clear", number);
  }
  if (number != 0) {
    return SystemError(Reason::kFileUnreadable, what + "build", number);
  }
  return {Reason::kFileInvalid, what + outcome.last_line};
}

Result<void> CheckSource(const std::filesystem::path& source) {
  struct stat status {};
  if (::stat(source.c_str(), &status) != 0) {
    const bool missing = errno == ENOENT || errno == ENOTDIR;
    return SystemError(
        missing ? Reason::kFileNotFound : Reason::kFileUnreadable,
        "source " + Quoted(source), errno);
  }
  if (!S_ISDIR(status.st_mode)) {
    return SystemError(Reason::kFileInvalid, "source " + Quoted(source),
                       ENOTDIR);
  }
  return {};
}

// The time that reproducible builds give every file
// (reproducible-builds.org, SOURCE_DATE_EPOCH): decimal seconds.
Result<std::string> SourceDateEpoch() {
  const char* text = ::getenv("SOURCE_DATE_EPOCH");
  const std::string epoch = text == nullptr ? "" : text;
  if (epoch.find_first_not_of("0123456789") != std::string::npos ||
      epoch.size() > 18) {
    return Error(Reason::kUsage,
                 "SOURCE_DATE_EPOCH is '" + epoch + "', no number of seconds");
  }
  return epoch;
}

// The tool leaves the file at whatever length its last write gave it.
Result<std::uint64_t> PadToBlock(int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) {
    return SystemError(Reason::kInternal, "file system image", errno);
  }
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const std::uint64_t padded =
      (size + kBlockSize - 1) / kBlockSize * kBlockSize;
  if (padded == 0) {
    return Error(Reason::kInternal, "file system image: empty");
  }
  if (::ftruncate(descriptor, static_cast<off_t>(padded)) != 0) {
    return SystemError(ReasonOfWrite(errno), "file system image", errno);
  }
  return padded;
}

}  // namespace

Result<FileSystemImage> ErofsTool::Build(const std::filesystem::path& source,
                                         std::string_view uuid) const {
  RETURN_IF_ERROR(CheckSource(source));
  ASSIGN_OR_RETURN(const std::string epoch, SourceDateEpoch());
  FileSystemImage image;
  ASSIGN_OR_RETURN(image.content, OpenScratchFile());
  std::vector<std::string> arguments{std::string(kTool), "--quiet", "-U",
                                     std::string(uuid)};
  if (!epoch.empty()) {
    arguments.push_back("-T" + epoch);
  }
  arguments.push_back("/proc/self/fd/" + std::to_string(kChildFile));
  // Absolute, so that a name that begins with '-' is no option.
  arguments.push_back(std::filesystem::absolute(source).string());
  auto outcome = RunChild(arguments, image.content.get());
  if (!outcome.has_value()) {
    return std::move(outcome)
        .Context("build the erofs image (package erofs-utils)")
        .error();
  }
  if (!outcome->success) {
    return FailureOf(*outcome, source);
  }
  ASSIGN_OR_RETURN(image.size, PadToBlock(image.content.get()));
  return image;
}

}  // namespace tdxvfs::image
