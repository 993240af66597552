// SPDX-License-Identifier: Apache-2.0
#include "agent/mount_helper.h"

#include <filesystem>
#include <iostream>
#include <system_error>
#include <vector>

#include "agent/lock_volume.h"
#include "agent/mount_options.h"
#include "agent/unlock_command.h"
#include "agent/volume_config.h"
#include "common/exit_report.h"
#include "common/log.h"
#include "luks/volume.h"

namespace tdxvfs::agent {
namespace {

// mount(8), EXIT STATUS.
constexpr int kMountUsage = 1;
constexpr int kMountSystem = 2;
constexpr int kMountFailure = 32;

int MountExitCode(Reason reason) {
  switch (reason) {
    case Reason::kUsage:
    case Reason::kPermission:
    case Reason::kConfigInvalid:
    case Reason::kConfigMissing:
    case Reason::kVolumeNameInvalid:
      return kMountUsage;
    case Reason::kInternal:
    case Reason::kLoopFailed:
      return kMountSystem;
    default:
      return kMountFailure;
  }
}

// mount(8) may have resolved links in the paths that it passes on.
bool IsSamePath(const std::filesystem::path& left,
                const std::filesystem::path& right) {
  std::error_code failure;
  const auto resolved_left = std::filesystem::weakly_canonical(left, failure);
  const auto resolved_right = std::filesystem::weakly_canonical(right, failure);
  return left == right || (!failure && resolved_left == resolved_right);
}

// umount(8) finds no helper by the type that the kernel shows ("erofs"), so
// that it unmounts by itself: the mapping has to follow on its own.
Result<void> CloseOnUnmount(const VolumeConfig& config) {
  const luks::VolumePlace place{config.name, config.mount};
  auto armed = luks::CloseWhenUnmounted(place);
  if (armed.has_value()) {
    return {};
  }
  std::vector<luks::Holder> holders;
  auto closed = luks::CloseVolume(place, luks::CloseMode::kNormal, &holders);
  if (!closed.has_value()) {
    armed.error().AddContext("the volume stays open: " +
                             closed.error().ToString());
  }
  return armed;
}

Result<void> Mount(int argc, const char* const* argv,
                   const Surroundings& surroundings) {
  ASSIGN_OR_RETURN(const MountOptions options, ParseMountOptions(argc, argv));
  ASSIGN_OR_RETURN(
      const VolumeConfig config,
      LoadVolumeConfig(surroundings.config_directory, options.volume));
  if (!IsSamePath(options.image, config.image)) {
    return Error(Reason::kUsage, "'" + options.image +
                                     "' is not the image of volume '" +
                                     config.name + "', which is '" +
                                     config.image.string() + "'");
  }
  if (!IsSamePath(options.directory, config.mount)) {
    return Error(Reason::kUsage, "'" + options.directory +
                                     "' is not the mount point of volume '" +
                                     config.name + "', which is '" +
                                     config.mount.string() + "'");
  }
  if (options.fake) {
    return {};
  }
  const auto unlocked =
      RunUnlock(surroundings, config, UnlockMode::kOpen,
                options.wait ? Patience::kWait : Patience::kOnce);
  if (!unlocked.has_value()) {
    return unlocked.error();
  }
  if (unlocked->already_open) {
    return {};
  }
  return CloseOnUnmount(config);
}

Result<std::string> VolumeAt(const std::filesystem::path& directory,
                             const Surroundings& surroundings) {
  ASSIGN_OR_RETURN(const auto names,
                   ConfiguredVolumes(surroundings.config_directory));
  for (const std::string& name : names) {
    // A file that cannot be read is another volume's trouble.
    const auto config = LoadVolumeConfig(surroundings.config_directory, name);
    if (config.has_value() && IsSamePath(directory, config->mount)) {
      return name;
    }
  }
  return Error(Reason::kConfigMissing,
               "no volume is configured for '" + directory.string() + "'");
}

Result<void> Unmount(int argc, const char* const* argv,
                     const Surroundings& surroundings) {
  ASSIGN_OR_RETURN(const MountOptions options, ParseUnmountOptions(argc, argv));
  ASSIGN_OR_RETURN(const std::string volume,
                   VolumeAt(options.directory, surroundings));
  return LockVolume(surroundings, volume,
                    options.lazy ? LockMode::kLazy : LockMode::kNormal)
      .Context("lock volume '" + volume + "'");
}

constexpr std::string_view kMountHelp =
    "Usage: mount.tdxvfs IMAGE DIR [-sfnv] -o volume=NAME[,wait][,OPTION...]\n"
    "Called by mount(8) for -t tdxvfs. IMAGE and DIR must be those of\n"
    "/etc/tdxvfs/volumes.d/NAME.toml; 'wait' tries again as unlock --wait.\n";
constexpr std::string_view kUnmountHelp =
    "Usage: umount.tdxvfs DIR [-flnrv]\n"
    "Unmounts DIR and closes the volume that is configured for it.\n";

bool AsksForHelp(int argc, const char* const* argv) {
  return argc == 2 && (std::string_view(argv[1]) == "--help" ||
                       std::string_view(argv[1]) == "-h");
}

}  // namespace

int RunMountHelper(const std::string& program, int argc,
                   const char* const* argv, const Result<void>& prepared,
                   const Surroundings& surroundings) {
  if (AsksForHelp(argc, argv)) {
    std::cout << (program == kMountProgram ? kMountHelp : kUnmountHelp);
    return 0;
  }
  StartLog(program, LogLevel::kInfo);
  Result<void> done = prepared;
  if (done.has_value()) {
    done = program == kMountProgram ? Mount(argc, argv, surroundings)
                                    : Unmount(argc, argv, surroundings);
  }
  if (done.has_value()) {
    return 0;
  }
  Error& error = done.error();
  error.AddContext(std::string(InfoOf(error.reason()).slug));
  (void)ReportAndExitCode(program, error, ReportFormat::kText);
  return MountExitCode(error.reason());
}

}  // namespace tdxvfs::agent
