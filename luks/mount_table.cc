// SPDX-License-Identifier: Apache-2.0
#include "luks/mount_table.h"

#include <sys/sysmacros.h>

#include <charconv>
#include <sstream>
#include <utility>

#include "luks/kernel_file.h"

namespace tdxvfs::luks {
namespace {

bool IsOctal(char c) { return c >= '0' && c <= '7'; }

// The kernel writes blanks, backslashes and line ends as \ooo.
std::string Unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && IsOctal(text[i + 1]) &&
        IsOctal(text[i + 2]) && IsOctal(text[i + 3])) {
      const int code = (text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                       (text[i + 3] - '0');
      plain += static_cast<char>(code);
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

template <typename Number>
bool ReadNumber(std::string_view text, Number* number) {
  const char* const end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, *number);
  return problem == std::errc() && rest == end;
}

std::optional<MountEntry> ParseLine(const std::string& line) {
  std::istringstream words(line);
  std::string id;
  std::string parent;
  std::string device;
  std::string root;
  std::string path;
  std::string tag;
  MountEntry entry;
  words >> id >> parent >> device >> root >> path >> entry.mount_options;
  while (words >> tag && tag != "-") {
  }
  words >> entry.file_system >> entry.source >> entry.super_options;
  const std::size_t colon = device.find(':');
  unsigned major_number = 0;
  unsigned minor_number = 0;
  if (tag != "-" || colon == std::string::npos || !ReadNumber(id, &entry.id) ||
      !ReadNumber(std::string_view(device).substr(0, colon), &major_number) ||
      !ReadNumber(std::string_view(device).substr(colon + 1), &minor_number)) {
    return std::nullopt;
  }
  entry.device = makedev(major_number, minor_number);
  entry.path = Unescaped(path);
  entry.source = Unescaped(entry.source);
  return entry;
}

}  // namespace

std::vector<MountEntry> ParseMountInfo(std::string_view text) {
  std::vector<MountEntry> entries;
  std::istringstream lines{std::string(text)};
  std::string line;
  while (std::getline(lines, line)) {
    if (auto entry = ParseLine(line)) {
      entries.push_back(std::move(*entry));
    }
  }
  return entries;
}

std::vector<MountEntry> MountsOf(pid_t pid) {
  const std::string process =
      pid == 0 ? std::string("self") : std::to_string(pid);
  return ParseMountInfo(ReadKernelFile("/proc/" + process + "/mountinfo"));
}

bool HasOption(std::string_view options, std::string_view option) {
  const std::string all = "," + std::string(options) + ",";
  return all.find("," + std::string(option) + ",") != std::string::npos;
}

}  // namespace tdxvfs::luks
