// SPDX-License-Identifier: Apache-2.0
#include "simulator/report_filesystem.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <span>
#include <string>

#define FUSE_USE_VERSION 31
#include <fuse3/fuse.h>

#include "common/service_manager.h"
#include "simulator/report_entries.h"

namespace tdxvfs::simulator {
namespace {

using Level = ReportPath::Level;

constexpr std::size_t kReportDataSize = 64;
constexpr mode_t kDirectoryMode = S_IFDIR | 0755;

ReportEntries& Entries() {
  return *static_cast<ReportEntries*>(fuse_get_context()->private_data);
}

// One open attribute. A writer's bytes wait here until it closes.
struct OpenFile {
  Attribute attribute = Attribute::kGeneration;
  std::string entry;
  Bytes written;
  bool dirty = false;
  std::string text;  // of generation, as it was at the first read
};

OpenFile& FileOf(const fuse_file_info* info) {
  // FUSE keeps a 64-bit handle for us; it is this pointer.
  // NOLINTNEXTLINE(performance-no-int-to-ptr): see above
  return *reinterpret_cast<OpenFile*>(info->fh);
}

mode_t ModeOf(Attribute attribute) {
  return attribute == Attribute::kInblob ? 0200 : 0444;
}

// Whether the path stands for something that exists.
bool Exists(const ReportPath& path) {
  return path.level < Level::kEntry || Entries().Find(path.entry) != nullptr;
}

int GetAttributes(const char* name, struct stat* status, fuse_file_info*) {
  const auto path = ParseReportPath(name);
  if (!path.has_value() || !Exists(*path)) {
    return -ENOENT;
  }
  *status = {};
  status->st_mode = kDirectoryMode;
  status->st_nlink = 2;
  if (path->level == Level::kAttribute) {
    status->st_mode = S_IFREG | ModeOf(path->attribute);
    status->st_nlink = 1;
  }
  return 0;
}

int ReadDirectory(const char* name, void* buffer, fuse_fill_dir_t fill, off_t,
                  fuse_file_info*, fuse_readdir_flags) {
  const auto path = ParseReportPath(name);
  if (!path.has_value() || !Exists(*path)) {
    return -ENOENT;
  }
  const auto add = [&](const std::string& entry) {
    (void)fill(buffer, entry.c_str(), nullptr, 0, fuse_fill_dir_flags{});
  };
  add(".");
  add("..");
  switch (path->level) {
    case Level::kRoot:
      add("tsm");
      break;
    case Level::kTsm:
      add("report");
      break;
    case Level::kReport:
      for (const auto& [entry, content] : Entries().all()) {
        add(entry);
      }
      break;
    case Level::kEntry:
      for (const std::string_view attribute : kAttributeNames) {
        add(std::string(attribute));
      }
      break;
    case Level::kAttribute:
      return -ENOTDIR;
  }
  return 0;
}

int MakeDirectory(const char* name, mode_t) {
  const auto path = ParseReportPath(name);
  if (!path.has_value() || path->level != Level::kEntry) {
    return -EPERM;
  }
  return Entries().Make(path->entry);
}

int RemoveDirectory(const char* name) {
  const auto path = ParseReportPath(name);
  if (!path.has_value() || path->level != Level::kEntry) {
    return -EPERM;
  }
  return Entries().Remove(path->entry);
}

int Open(const char* name, fuse_file_info* info) {
  const auto path = ParseReportPath(name);
  if (!path.has_value() || path->level != Level::kAttribute || !Exists(*path)) {
    return -ENOENT;
  }
  const int wanted =
      path->attribute == Attribute::kInblob ? O_WRONLY : O_RDONLY;
  if ((info->flags & O_ACCMODE) != wanted) {
    return -EACCES;
  }
  auto file = std::make_unique<OpenFile>();
  file->attribute = path->attribute;
  file->entry = path->entry;
  info->fh = reinterpret_cast<std::uint64_t>(file.release());
  // Sizes are not known before a read, as in the kernel.
  info->direct_io = 1;
  return 0;
}

int CopyOut(std::span<const std::uint8_t> content, char* buffer,
            std::size_t size, off_t offset) {
  const auto start = static_cast<std::size_t>(offset);
  if (start >= content.size()) {
    return 0;
  }
  const std::size_t count = std::min(size, content.size() - start);
  memcpy(buffer, content.data() + start, count);
  return static_cast<int>(count);
}

std::span<const std::uint8_t> TextBytes(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

int Read(const char*, char* buffer, std::size_t size, off_t offset,
         fuse_file_info* info) {
  OpenFile& file = FileOf(info);
  ReportEntry* const entry = Entries().Find(file.entry);
  if (entry == nullptr) {
    return -ENOENT;
  }
  if (file.attribute == Attribute::kOutblob) {
    const int error = Entries().Refresh(*entry);
    return error != 0 ? error : CopyOut(entry->outblob, buffer, size, offset);
  }
  if (file.text.empty()) {
    file.text = file.attribute == Attribute::kProvider
                    ? "tdx_guest\n"
                    : std::to_string(entry->write_generation) + "\n";
  }
  return CopyOut(TextBytes(file.text), buffer, size, offset);
}

int Write(const char*, const char* buffer, std::size_t size, off_t offset,
          fuse_file_info* info) {
  OpenFile& file = FileOf(info);
  // A write that is refused still counts as one at close, as in the kernel.
  file.dirty = true;
  const auto end = static_cast<std::size_t>(offset) + size;
  if (end > kReportDataSize) {
    return -EFBIG;
  }
  file.written.resize(std::max(file.written.size(), end));
  memcpy(&file.written[static_cast<std::size_t>(offset)], buffer, size);
  return static_cast<int>(size);
}

// close(2) waits for this one, unlike for Release.
int Flush(const char*, fuse_file_info* info) {
  OpenFile& file = FileOf(info);
  ReportEntry* const entry = Entries().Find(file.entry);
  if (file.dirty && entry != nullptr) {
    ReportEntries::Commit(*entry, file.written);
    file.dirty = false;
  }
  return 0;
}

int Release(const char*, fuse_file_info* info) {
  const std::unique_ptr<OpenFile> file(&FileOf(info));
  info->fh = 0;
  return 0;
}

// Shells open with O_TRUNC; there is nothing to cut.
int Truncate(const char*, off_t, fuse_file_info*) { return 0; }

fuse_operations Operations() {
  fuse_operations operations{};
  operations.getattr = GetAttributes;
  operations.readdir = ReadDirectory;
  operations.mkdir = MakeDirectory;
  operations.rmdir = RemoveDirectory;
  operations.open = Open;
  operations.read = Read;
  operations.write = Write;
  operations.flush = Flush;
  operations.release = Release;
  operations.truncate = Truncate;
  return operations;
}

void Destroy(fuse* handle) {
  fuse_unmount(handle);
  fuse_destroy(handle);
}

}  // namespace

Result<void> ServeReportFilesystem(const std::filesystem::path& mount_point,
                                   QuoteAnswerer& answerer) {
  const std::string target = mount_point.string();
  std::string program = "tdxvfs-simulator";
  char* arguments[] = {program.data(), nullptr};
  fuse_args fuse_arguments = FUSE_ARGS_INIT(1, arguments);
  ReportEntries entries(answerer);
  const fuse_operations operations = Operations();
  const std::unique_ptr<fuse, decltype(&Destroy)> handle(
      fuse_new(&fuse_arguments, &operations, sizeof(operations), &entries),
      Destroy);
  if (handle == nullptr || fuse_mount(handle.get(), target.c_str()) != 0) {
    return Error(
        Reason::kMountFailed,
        "mount a FUSE file system on '" + target + "': see the messages above");
  }
  if (fuse_set_signal_handlers(fuse_get_session(handle.get())) != 0) {
    return Error(Reason::kInternal, "set signal handlers");
  }
  NotifyService("READY=1");
  const int ended = fuse_loop(handle.get());
  fuse_remove_signal_handlers(fuse_get_session(handle.get()));
  if (ended < 0) {
    return SystemError(Reason::kIoError, "serve '" + target + "'", -ended);
  }
  return {};
}

}  // namespace tdxvfs::simulator
