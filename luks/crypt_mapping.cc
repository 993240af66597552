// SPDX-License-Identifier: Apache-2.0
#include "luks/crypt_mapping.h"

#include <errno.h>
#include <libcryptsetup.h>
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "luks/activate_mapping.h"

namespace tdxvfs::luks {
namespace {

// IGNORE_PERSISTENT: flags in the header, such as allow-discards, are the
// host's to write and must not reach the table.
constexpr std::uint32_t kFlags =
    CRYPT_ACTIVATE_READONLY | CRYPT_ACTIVATE_IGNORE_PERSISTENT;

// libcryptsetup leaves the volume key in the thread's keyring until
// deactivation. dm-crypt has its own copy since the table was loaded, so the
// link can go at once. `uuid` names the key, as in the live table.
void ForgetVolumeKey(const std::string& uuid) {
  const std::string description = "cryptsetup:" + uuid + "-d0";
  const long key = ::syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_THREAD_KEYRING,
                             "logon", description.c_str(), 0);
  if (key > 0) {
    (void)::syscall(SYS_keyctl, KEYCTL_UNLINK, key, KEY_SPEC_THREAD_KEYRING);
  }
}

Reason ReasonOfActivation(int code) {
  switch (code) {
    case -EPERM:
      return Reason::kPassphraseWrong;
    case -EEXIST:
      return Reason::kVolumeInUse;
    case -EIO:
      return Reason::kIoError;
    case -ENOENT:
      return Reason::kHeaderRefused;
    default:
      return Reason::kMappingFailed;
  }
}

}  // namespace

Result<OwnedMapping> MapCrypt(const CryptDevice& header,
                              const BackingDevice& backing,
                              const std::string& name,
                              const Secret& passphrase) {
  const int code = crypt_set_data_device(header.get(), backing.path().c_str());
  if (code < 0) {
    return header.LastError(Reason::kMappingFailed,
                            "data device '" + backing.path() + "'", code);
  }
  const Activation activation = ActivateMapping([&] {
    return crypt_activate_by_passphrase(
        header.get(), name.c_str(), CRYPT_ANY_SLOT,
        reinterpret_cast<const char*>(passphrase.Reveal().data()),
        passphrase.size(), kFlags);
  });
  ForgetVolumeKey(header.uuid());
  if (activation.code < 0) {
    return ActivationError(header, activation,
                           ReasonOfActivation(activation.code), name);
  }
  return OwnedMapping(name);
}

}  // namespace tdxvfs::luks
