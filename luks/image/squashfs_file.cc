// SPDX-License-Identifier: Apache-2.0
#include "luks/image/squashfs_file.h"

#include <algorithm>
#include <string>
#include <vector>

namespace tdxvfs::image {
namespace {

// A verity tree over a single block would have no level at all.
constexpr std::uint64_t kSmallestImage = 2 * kImageBlockSize;

std::string_view WordsOfWriting(int code) {
  switch (code) {
    case SQFS_ERROR_ALLOC:
      return "out of memory";
    case SQFS_ERROR_OVERFLOW:
      return "a number does not fit the format";
    case SQFS_ERROR_UNSUPPORTED:
      return "not supported";
    case SQFS_ERROR_ARG_INVALID:
      return "the format does not allow it";
    default:
      return "internal error of libsquashfs";
  }
}

int ReadNothing(sqfs_file_t* /*file*/, sqfs_u64 /*offset*/, void* /*buffer*/,
                std::size_t /*size*/) {
  return SQFS_ERROR_UNSUPPORTED;
}

int NeverTruncate(sqfs_file_t* /*file*/, sqfs_u64 /*size*/) {
  return SQFS_ERROR_UNSUPPORTED;
}

sqfs_u64 SizeWritten(const sqfs_file_t* file) {
  return static_cast<const SquashfsFile*>(file)->size();
}

}  // namespace

SquashfsFile::SquashfsFile(ImageSink* sink) : sqfs_file_t{}, sink_(sink) {
  read_at = &ReadNothing;
  write_at = &WriteAt;
  get_size = &SizeWritten;
  truncate = &NeverTruncate;
}

int SquashfsFile::WriteAt(sqfs_file_t* file, sqfs_u64 offset, const void* bytes,
                          std::size_t size) {
  return static_cast<SquashfsFile*>(file)->Write(
      offset, {static_cast<const std::uint8_t*>(bytes), size});
}

int SquashfsFile::Write(std::uint64_t offset,
                        std::span<const std::uint8_t> bytes) {
  if (offset < first_.size()) {
    const auto part = bytes.first(
        std::min<std::size_t>(bytes.size(), first_.size() - offset));
    std::copy(part.begin(), part.end(),
              first_.begin() + static_cast<std::ptrdiff_t>(offset));
    offset += part.size();
    size_ = std::max(size_, offset);
    bytes = bytes.subspan(part.size());
  }
  if (bytes.empty()) {
    return 0;
  }
  if (offset != size_) {
    return SQFS_ERROR_SEQUENCE;
  }
  if (auto appended = sink_->Append(bytes); !appended.has_value()) {
    if (!error_.has_value()) {
      error_ = std::move(appended).error();
    }
    return SQFS_ERROR_IO;
  }
  size_ += bytes.size();
  return 0;
}

Result<void> SquashfsFile::Check(int code, std::string_view what) const {
  if (code == 0) {
    return {};
  }
  if (error_.has_value()) {
    return *error_;
  }
  const bool cannot = code == SQFS_ERROR_OVERFLOW ||
                      code == SQFS_ERROR_UNSUPPORTED ||
                      code == SQFS_ERROR_ARG_INVALID;
  return Error(cannot ? Reason::kNotSupported : Reason::kInternal,
               "squashfs: " + std::string(what) + ": " +
                   std::string(WordsOfWriting(code)));
}

Result<void> SquashfsFile::Finish() {
  const std::uint64_t end =
      std::max(kSmallestImage, (size_ + kImageBlockSize - 1) / kImageBlockSize *
                                   kImageBlockSize);
  const std::vector<std::uint8_t> zeroes(end - size_, 0);
  RETURN_IF_ERROR(Check(Write(size_, zeroes), "fill up the last block"));
  return sink_->PutFirstBlock(first_);
}

}  // namespace tdxvfs::image
