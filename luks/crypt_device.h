// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_CRYPT_DEVICE_H_
#define TDXVFS_LUKS_CRYPT_DEVICE_H_

#include <memory>
#include <string>
#include <string_view>

#include "common/error.h"
#include "common/result.h"
#include "luks/header.h"

struct crypt_device;

namespace tdxvfs::luks {

// An owned libcryptsetup context that keeps the library's last word for our
// errors and prints nothing. Not thread-safe.
class CryptDevice {
 public:
  // A context whose metadata lives at `path`. Metadata locking is off: nobody
  // else writes what we open, and with it goes the library's automatic
  // recovery, which would write to a damaged header.
  static Result<CryptDevice> ForPath(const std::string& path, Reason reason);

  // The LUKS2 metadata of a sealed header, loaded and checked by the library.
  // Fails with kHeaderRefused.
  static Result<CryptDevice> Load(const Header& header);

  CryptDevice(CryptDevice&&) noexcept = default;
  CryptDevice& operator=(CryptDevice&&) noexcept = default;
  CryptDevice(const CryptDevice&) = delete;
  CryptDevice& operator=(const CryptDevice&) = delete;
  ~CryptDevice() = default;

  crypt_device* get() const { return device_.get(); }
  std::string uuid() const;
  // The metadata as the library understood it.
  Result<std::string> MetadataJson() const;

  // "MESSAGE: what the library said: strerror(-code)".
  Error LastError(Reason reason, std::string_view message, int code,
                  const char* file = __builtin_FILE(),
                  int line = __builtin_LINE()) const;

 private:
  CryptDevice() = default;
  struct Free {
    void operator()(crypt_device* device) const;
  };
  // Behind a pointer: the library's log callback keeps its address.
  std::unique_ptr<std::string> last_word_ = std::make_unique<std::string>();
  std::unique_ptr<crypt_device, Free> device_;
};

// "/proc/self/fd/N": how the library is given a file without a name.
std::string DescriptorPath(int descriptor);

}  // namespace tdxvfs::luks

#endif  // TDXVFS_LUKS_CRYPT_DEVICE_H_
