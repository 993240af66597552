// SPDX-License-Identifier: Apache-2.0
#include "luks/activate_mapping.h"

#include <errno.h>

#include <chrono>
#include <thread>

#include "luks/device_mapper.h"

namespace tdxvfs::luks {
namespace {

constexpr int kActivations = 25;
constexpr std::chrono::milliseconds kActivationPause{20};

bool MayPass(int code) { return code == -ENODEV || code == -EBUSY; }

}  // namespace

Activation ActivateMapping(const std::function<int()>& activate) {
  DoNotWaitForUdev();
  for (int attempt = 1;; ++attempt) {
    KeepDeviceMapperWords();
    const int code = activate();
    if (!MayPass(code) || attempt == kActivations) {
      return {code, LastDeviceMapperWord()};
    }
    std::this_thread::sleep_for(kActivationPause);
  }
}

Error ActivationError(const CryptDevice& device, const Activation& activation,
                      Reason reason, const std::string& name) {
  const std::string what = "mapping '" + name + "'";
  if (activation.word.empty()) {
    return device.LastError(reason, what, activation.code);
  }
  return {reason, what + ": " + activation.word};
}

}  // namespace tdxvfs::luks
