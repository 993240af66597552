// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_COMMON_SECRET_H_
#define TDXVFS_COMMON_SECRET_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "common/result.h"

namespace tdxvfs {

// Bytes that must not leak: kept in OpenSSL's secure heap (locked, not
// dumped), wiped on destruction, moved but never copied, and without any way
// to be printed. The size is fixed at creation, so no stale copy is left by
// growth. A moved-from Secret is empty.
//
// Every factory fails with kInternal when PrepareSecretMemory has not run,
// because OpenSSL would then fall back to ordinary memory without a word, or
// when the secure heap is full.
class Secret {
 public:
  Secret() = default;
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  // `size` bytes from OpenSSL's private random generator.
  static Result<Secret> Random(std::size_t size);
  // A copy of `bytes`; the caller wipes the source.
  static Result<Secret> CopyOf(std::span<const std::uint8_t> bytes);
  // Takes the bytes out of `field` and wipes it, also when it fails.
  static Result<Secret> TakeFrom(std::string& field);
  // `size` bytes that `fill` writes; fill's error wipes and is returned.
  static Result<Secret> Filled(
      std::size_t size,
      const std::function<Result<void>(std::span<std::uint8_t>)>& fill);

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // The only way to the bytes. Valid until this Secret moves or dies.
  std::span<const std::uint8_t> Reveal() const { return {data_, size_}; }

  // Compares in constant time for equal sizes.
  friend bool operator==(const Secret& left, const Secret& right);

 private:
  Secret(std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  static Result<Secret> OfSize(std::size_t size);
  void Wipe() noexcept;

  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

// Sets up the secure heap (1 MiB). Call once, first thing in main; a second
// call does nothing. Fails with kInternal when memory cannot be locked.
Result<void> PrepareSecretMemory();

// Overwrites bytes that are about to be freed, such as a protobuf field.
void WipeBytes(std::span<std::uint8_t> bytes);
void WipeString(std::string& text);

// For the test that proves the wipe: called with the bytes of every Secret
// after wiping and before freeing. Not thread-safe; nullptr switches it off.
using SecretReleaseHook = void (*)(std::span<const std::uint8_t>);
void SetSecretReleaseHook(SecretReleaseHook hook);

}  // namespace tdxvfs

#endif  // TDXVFS_COMMON_SECRET_H_
