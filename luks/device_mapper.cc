// SPDX-License-Identifier: Apache-2.0
#include "luks/device_mapper.h"

#include <errno.h>
#include <libdevmapper.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <memory>
#include <system_error>
#include <thread>

namespace tdxvfs::luks {
namespace {

constexpr int kErrorLevel = 3;  // syslog's LOG_ERR; flags stand above it

// udev's blkid may hold a fresh device for some milliseconds.
constexpr int kRemoveAttempts = 25;
constexpr std::chrono::milliseconds kRemovePause{20};

struct TaskFree {
  void operator()(dm_task* task) const { dm_task_destroy(task); }
};
using TaskPtr = std::unique_ptr<dm_task, TaskFree>;

// libdevmapper logs instead of returning words; its last error is kept here.
thread_local std::string g_last_word;

__attribute__((format(printf, 5, 6))) void KeepLastWord(
    int level, const char* /*file*/, int /*line*/, int /*error_number*/,
    const char* format, ...) {
  if ((level & 7) > kErrorLevel) {
    return;
  }
  std::array<char, 256> text{};
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(text.data(), text.size(), format, arguments);
  va_end(arguments);
  g_last_word = text.data();
}

Result<TaskPtr> NewTask(int kind, const std::string& name) {
  DoNotWaitForUdev();
  KeepDeviceMapperWords();
  TaskPtr task(dm_task_create(kind));
  if (task == nullptr || dm_task_set_name(task.get(), name.c_str()) == 0) {
    return Error(Reason::kMappingFailed,
                 "device mapper '" + name + "': " + g_last_word);
  }
  return task;
}

Error TaskError(const dm_task* task, const std::string& name) {
  const int error_number = dm_task_get_errno(const_cast<dm_task*>(task));
  const bool forbidden = error_number == EACCES || error_number == EPERM ||
                         (error_number == 0 && ::geteuid() != 0);
  const Reason reason =
      forbidden ? Reason::kPermission : Reason::kMappingFailed;
  std::string what = "device mapper '" + name + "'";
  if (error_number != 0) {
    return SystemError(reason, what, error_number);
  }
  return {reason, what + ": " + g_last_word};
}

bool IsNodeOf(const std::string& path, dev_t device) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISBLK(status.st_mode) &&
         status.st_rdev == device;
}

// Opening the control node would load the module; without it there is nothing.
bool KernelHasDeviceMapper() {
  return ::access("/sys/class/misc/device-mapper", F_OK) == 0;
}

}  // namespace

std::string CryptMappingName(std::string_view volume) {
  return "tdxvfs-crypt-" + std::string(volume);
}

std::string VerityMappingName(std::string_view volume) {
  return "tdxvfs-verity-" + std::string(volume);
}

std::string MappingPath(std::string_view mapping) {
  return "/dev/mapper/" + std::string(mapping);
}

std::string OpenableNode(const std::string& name, dev_t device) {
  std::string node = "/dev/dm-" + std::to_string(minor(device));
  return IsNodeOf(node, device) ? node : MappingPath(name);
}

Result<std::string> NamedNode(const std::string& name, dev_t device) {
  std::string node = MappingPath(name);
  if (!IsNodeOf(node, device)) {
    ASSIGN_OR_RETURN(const TaskPtr task, NewTask(DM_DEVICE_MKNODES, name));
    if (dm_task_run(task.get()) == 0) {
      return TaskError(task.get(), name);
    }
    dm_task_update_nodes();
  }
  return node;
}

void DoNotWaitForUdev() { dm_udev_set_sync_support(0); }

void KeepDeviceMapperWords() {
  dm_log_with_errno_init(KeepLastWord);
  g_last_word.clear();
}

std::string LastDeviceMapperWord() { return g_last_word; }

Result<MappingInfo> InspectMapping(const std::string& name) {
  MappingInfo mapping;
  if (!KernelHasDeviceMapper()) {
    return mapping;
  }
  ASSIGN_OR_RETURN(const TaskPtr task, NewTask(DM_DEVICE_INFO, name));
  dm_info info{};
  if (dm_task_run(task.get()) == 0) {
    if (dm_task_get_errno(task.get()) == ENXIO) {
      return mapping;
    }
    return TaskError(task.get(), name);
  }
  if (dm_task_get_info(task.get(), &info) == 0) {
    return TaskError(task.get(), name);
  }
  if (info.exists == 0) {
    return mapping;
  }
  const char* uuid = dm_task_get_uuid(task.get());
  mapping.exists = true;
  mapping.has_live_table = info.live_table != 0;
  mapping.read_only = info.read_only != 0;
  mapping.open_count = info.open_count;
  mapping.device = makedev(info.major, info.minor);
  mapping.uuid = uuid == nullptr ? "" : uuid;
  return mapping;
}

namespace {

// DM_DEVICE_TABLE or DM_DEVICE_STATUS.
Result<std::vector<TableLine>> TargetsOf(int kind, const std::string& name) {
  ASSIGN_OR_RETURN(const TaskPtr task, NewTask(kind, name));
  if (dm_task_run(task.get()) == 0) {
    return TaskError(task.get(), name);
  }
  std::vector<TableLine> table;
  void* next = nullptr;
  do {
    std::uint64_t start = 0;
    std::uint64_t length = 0;
    char* type = nullptr;
    char* parameters = nullptr;
    next = dm_get_next_target(task.get(), next, &start, &length, &type,
                              &parameters);
    if (type != nullptr && parameters != nullptr) {
      table.push_back({start, length, type, parameters});
    }
  } while (next != nullptr);
  return table;
}

}  // namespace

Result<std::vector<TableLine>> LiveTable(const std::string& name) {
  return TargetsOf(DM_DEVICE_TABLE, name);
}

Result<std::vector<TableLine>> LiveStatus(const std::string& name) {
  return TargetsOf(DM_DEVICE_STATUS, name);
}

Result<void> RemoveMapping(const std::string& name, Removal removal) {
  for (int attempt = 1;; ++attempt) {
    ASSIGN_OR_RETURN(const MappingInfo mapping, InspectMapping(name));
    if (!mapping.exists) {
      return {};
    }
    ASSIGN_OR_RETURN(const TaskPtr task, NewTask(DM_DEVICE_REMOVE, name));
    if (removal == Removal::kWhenUnused) {
      (void)dm_task_deferred_remove(task.get());
    }
    if (dm_task_run(task.get()) != 0) {
      dm_task_update_nodes();
      return {};
    }
    const int error_number = dm_task_get_errno(task.get());
    if (error_number == ENXIO) {
      return {};
    }
    if (error_number != EBUSY) {
      return TaskError(task.get(), name);
    }
    if (attempt == kRemoveAttempts) {
      return SystemError(Reason::kVolumeBusy, "mapping '" + name + "'", EBUSY);
    }
    std::this_thread::sleep_for(kRemovePause);
  }
}

}  // namespace tdxvfs::luks
