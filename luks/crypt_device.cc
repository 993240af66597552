// SPDX-License-Identifier: Apache-2.0
#include "luks/crypt_device.h"

#include <libcryptsetup.h>

#include <system_error>
#include <utility>

namespace tdxvfs::luks {
namespace {

void KeepLastWord(int level, const char* message, void* last_word) {
  if (level != CRYPT_LOG_ERROR) {
    return;
  }
  std::string text(message);
  while (!text.empty() && (text.back() == '\n' || text.back() == '.')) {
    text.pop_back();
  }
  *static_cast<std::string*>(last_word) = std::move(text);
}

// Messages of the library that belong to no context would go to the terminal.
void IgnoreMessage(int /*level*/, const char* /*message*/, void* /*unused*/) {}

}  // namespace

void CryptDevice::Free::operator()(crypt_device* device) const {
  crypt_free(device);
}

Result<CryptDevice> CryptDevice::ForPath(const std::string& path,
                                         Reason reason) {
  crypt_set_log_callback(nullptr, IgnoreMessage, nullptr);
  CryptDevice result;
  crypt_device* device = nullptr;
  const int code = crypt_init(&device, path.c_str());
  if (code < 0) {
    return SystemError(reason, "libcryptsetup: open '" + path + "'", -code);
  }
  result.device_.reset(device);
  crypt_set_log_callback(device, KeepLastWord, result.last_word_.get());
  (void)crypt_metadata_locking(device, 0);
  return result;
}

Result<CryptDevice> CryptDevice::Load(const Header& header) {
  ASSIGN_OR_RETURN(
      CryptDevice device,
      ForPath(DescriptorPath(header.descriptor()), Reason::kHeaderRefused));
  const int code = crypt_load(device.get(), CRYPT_LUKS2, nullptr);
  if (code < 0) {
    return device.LastError(Reason::kHeaderRefused, "LUKS2 header", code);
  }
  return device;
}

std::string CryptDevice::uuid() const {
  const char* text = crypt_get_uuid(device_.get());
  return text == nullptr ? std::string() : std::string(text);
}

Result<std::string> CryptDevice::MetadataJson() const {
  const char* json = nullptr;
  const int code = crypt_dump_json(device_.get(), &json, 0);
  if (code < 0 || json == nullptr) {
    return LastError(Reason::kHeaderRefused, "LUKS2 metadata", code);
  }
  return std::string(json);
}

Error CryptDevice::LastError(Reason reason, std::string_view message, int code,
                             const char* file, int line) const {
  std::string text(message);
  if (!last_word_->empty()) {
    text += ": " + *last_word_;
  }
  return SystemError(reason, text, -code, file, line);
}

std::string DescriptorPath(int descriptor) {
  return "/proc/self/fd/" + std::to_string(descriptor);
}

}  // namespace tdxvfs::luks
