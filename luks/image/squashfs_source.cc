// SPDX-License-Identifier: Apache-2.0
#include "luks/image/squashfs_source.h"

#include <span>
#include <string>
#include <utility>

namespace tdxvfs::image {
namespace {

std::string_view WordsOfReading(int code) {
  switch (code) {
    case SQFS_ERROR_ALLOC:
      return "more memory than there is";
    case SQFS_ERROR_COMPRESSOR:
      return "does not decompress";
    case SQFS_ERROR_UNSUPPORTED:
      return "not supported";
    case SQFS_ERROR_OVERFLOW:
      return "a number does not fit the format";
    case SQFS_ERROR_OUT_OF_BOUNDS:
      return "leads out of the file system";
    default:
      return "damaged";
  }
}

int NeverWrite(sqfs_file_t* /*file*/, sqfs_u64 /*offset*/,
               const void* /*buffer*/, std::size_t /*size*/) {
  return SQFS_ERROR_UNSUPPORTED;
}

int NeverTruncateSource(sqfs_file_t* /*file*/, sqfs_u64 /*size*/) {
  return SQFS_ERROR_UNSUPPORTED;
}

sqfs_u64 SizeOfSource(const sqfs_file_t* file) {
  return static_cast<const SquashfsSource*>(file)->source()->size();
}

}  // namespace

SquashfsSource::SquashfsSource(ByteSource* source)
    : sqfs_file_t{}, source_(source) {
  read_at = &ReadAt;
  write_at = &NeverWrite;
  get_size = &SizeOfSource;
  truncate = &NeverTruncateSource;
}

int SquashfsSource::ReadAt(sqfs_file_t* file, sqfs_u64 offset, void* buffer,
                           std::size_t size) {
  return static_cast<SquashfsSource*>(file)->Read(
      offset, {static_cast<std::uint8_t*>(buffer), size});
}

int SquashfsSource::Read(std::uint64_t offset, std::span<std::uint8_t> bytes) {
  // A place that the file system made up is its own fault, not the source's.
  if (reads_ == 0 || offset > source_->size() ||
      bytes.size() > source_->size() - offset) {
    return SQFS_ERROR_OUT_OF_BOUNDS;
  }
  --reads_;
  if (auto read = source_->Read(offset, bytes); !read.has_value()) {
    if (!error_.has_value()) {
      error_ = std::move(read).error();
    }
    return SQFS_ERROR_IO;
  }
  return 0;
}

Result<void> SquashfsSource::Check(int code, std::string_view what) const {
  if (code >= 0) {
    return {};
  }
  if (error_.has_value()) {
    return *error_;
  }
  return Error(code == SQFS_ERROR_UNSUPPORTED ? Reason::kNotSupported
                                              : Reason::kImageCorrupt,
               "squashfs: " + std::string(what) + ": " +
                   std::string(WordsOfReading(code)));
}

}  // namespace tdxvfs::image
