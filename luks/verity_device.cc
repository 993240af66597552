// SPDX-License-Identifier: Apache-2.0
#include "luks/verity_device.h"

#include <errno.h>
#include <fcntl.h>
#include <libcryptsetup.h>
#include <unistd.h>

#include <array>

#include "common/unique_fd.h"
#include "luks/activate_mapping.h"
#include "luks/crypt_device.h"
#include "luks/device_mapper.h"

namespace tdxvfs::luks {
namespace {

constexpr std::uint32_t kFormat = 1;        // the kernel's hash type
constexpr std::string_view kCorrupt = "C";  // dm-verity's status, else "V"

crypt_params_verity ParametersFor(const std::string& below,
                                  const VerityParameters& parameters) {
  crypt_params_verity verity{};
  verity.hash_name = parameters.hash.c_str();
  verity.data_device = below.c_str();
  verity.salt = parameters.salt.empty()
                    ? nullptr
                    : reinterpret_cast<const char*>(parameters.salt.data());
  verity.salt_size = static_cast<std::uint32_t>(parameters.salt.size());
  verity.hash_type = kFormat;
  verity.data_block_size = parameters.data_block_size;
  verity.hash_block_size = parameters.hash_block_size;
  verity.data_size = parameters.data_blocks;
  verity.hash_area_offset =
      parameters.hash_start_block * parameters.hash_block_size;
  verity.flags = CRYPT_VERITY_NO_HEADER;
  return verity;
}

}  // namespace

Result<OwnedMapping> MapVerity(const std::string& below,
                               const std::string& name,
                               const VerityParameters& parameters) {
  RETURN_IF_ERROR(CheckVerityParameters(parameters));
  ASSIGN_OR_RETURN(const CryptDevice device,
                   CryptDevice::ForPath(below, Reason::kMappingFailed));
  crypt_params_verity verity = ParametersFor(below, parameters);
  // Without a header to write this only sets the parameters.
  const int code = crypt_format(device.get(), CRYPT_VERITY, nullptr, nullptr,
                                nullptr, nullptr, 0, &verity);
  if (code < 0) {
    return device.LastError(Reason::kMappingFailed, "dm-verity '" + name + "'",
                            code);
  }
  const Activation activation = ActivateMapping([&] {
    return crypt_activate_by_volume_key(
        device.get(), name.c_str(),
        reinterpret_cast<const char*>(parameters.root_hash.data()),
        parameters.root_hash.size(), CRYPT_ACTIVATE_READONLY);
  });
  if (activation.code < 0) {
    return ActivationError(device, activation,
                           activation.code == -EEXIST ? Reason::kVolumeInUse
                                                      : Reason::kMappingFailed,
                           name);
  }
  return OwnedMapping(name);
}

Result<void> CheckFirstBlock(const std::string& name) {
  ASSIGN_OR_RETURN(const MappingInfo info, InspectMapping(name));
  const std::string path = OpenableNode(name, info.device);
  const UniqueFd device(::open(path.c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC));
  if (!device.valid()) {
    return SystemError(Reason::kMappingFailed, "'" + path + "'", errno);
  }
  alignas(kVerityBlockSize) std::array<std::uint8_t, kVerityBlockSize> block;
  const ssize_t got = ::pread(device.get(), block.data(), block.size(), 0);
  const int error_number = got < 0 ? errno : 0;
  ASSIGN_OR_RETURN(const auto status, LiveStatus(name));
  if (status.size() != 1 || status.front().type != "verity" ||
      status.front().parameters.starts_with(kCorrupt)) {
    return Error(
        Reason::kImageCorrupt,
        "mapping '" + name + "': the data do not match the granted root hash");
  }
  if (got != static_cast<ssize_t>(kVerityBlockSize)) {
    return SystemError(Reason::kIoError,
                       "read the first block of '" + path + "'", error_number);
  }
  return {};
}

}  // namespace tdxvfs::luks
