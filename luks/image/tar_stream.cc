// SPDX-License-Identifier: Apache-2.0
#include "luks/image/tar_stream.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "common/hex.h"
#include "luks/image/tar_member.h"

namespace tdxvfs::image {
namespace {

constexpr int kStreamReadSize = 1048576;       // bytes, what a pipe may hold
constexpr std::uint64_t kEndOfArchive = 1024;  // bytes: two blocks of zeroes
constexpr std::size_t kBeginning = 6;          // bytes

struct Compression {
  std::string_view magic;  // what its streams begin with
  std::string_view program;
};
constexpr std::array<Compression, 5> kCompressions{{
    {"\x1f\x8b", "gzip"},
    {"BZh", "bzip2"},
    {"\xfd"
     "7zXZ",
     "xz"},
    {"\x28\xb5\x2f\xfd", "zstd"},
    {"\x04\x22\x4d\x18", "lz4"},
}};

}  // namespace

void TarStream::Free::operator()(archive* reader) const {
  (void)::archive_read_free(reader);
}

TarStream::~TarStream() = default;

Result<std::unique_ptr<TarStream>> TarStream::Open(int descriptor) {
  // A pipe holds 64 KiB by default, and its two sides wait for each other all
  // the time. Nothing is lost where it cannot be widened, or is no pipe.
  (void)::fcntl(descriptor, F_SETPIPE_SZ, kStreamReadSize);
  std::unique_ptr<TarStream> stream(new TarStream(descriptor));
  stream->buffer_.resize(kStreamReadSize);
  stream->reader_.reset(::archive_read_new());
  archive* const reader = stream->reader_.get();
  if (reader == nullptr ||
      ::archive_read_support_format_tar(reader) != ARCHIVE_OK ||
      ::archive_read_set_read_callback(reader, &TarStream::ReadMore) !=
          ARCHIVE_OK ||
      ::archive_read_set_callback_data(reader, stream.get()) != ARCHIVE_OK) {
    return Error(Reason::kInternal, "set up libarchive");
  }
  const int opened = ::archive_read_open1(reader);
  if (opened != ARCHIVE_OK) {
    return stream->NoTar();
  }
  return stream;
}

long TarStream::Fill() {
  ssize_t got = 0;
  do {
    got = ::read(descriptor_, buffer_.data(), buffer_.size());
  } while (got < 0 && errno == EINTR);
  read_error_ = got < 0 ? errno : 0;
  filled_ = static_cast<std::size_t>(std::max<ssize_t>(got, 0));
  beginning_ += AsText(buffer_).substr(
      0, std::min(filled_, kBeginning - beginning_.size()));
  total_ += filled_;
  return got;
}

long TarStream::ReadMore(archive* reader, void* self, const void** bytes) {
  auto* const stream = static_cast<TarStream*>(self);
  const long got = stream->Fill();
  *bytes = stream->buffer_.data();
  if (got < 0) {
    ::archive_set_error(reader, stream->read_error_, "read");
  }
  return got;
}

Error TarStream::Damaged(std::string_view what) const {
  if (read_error_ != 0) {
    return SystemError(Reason::kFileUnreadable, "tar stream", read_error_);
  }
  const char* const words = ::archive_error_string(reader_.get());
  return {Reason::kFileInvalid,
          std::string(what) + ": " + (words == nullptr ? "damaged" : words)};
}

Error TarStream::NoTar() const {
  if (read_error_ == 0 && beginning_.empty()) {
    return {Reason::kFileInvalid, "tar stream is empty"};
  }
  for (const auto& [magic, program] : kCompressions) {
    if (beginning_.starts_with(magic)) {
      std::string words = "tar stream is compressed by ";
      words += program;
      words += ": put '";
      words += program;
      words += " -dc |' before the command";
      return {Reason::kFileInvalid, std::move(words)};
    }
  }
  return Damaged("no tar stream");
}

// The library takes the end of the stream for the end of the archive; a stream
// that was cut between two members would pass.
Result<void> TarStream::CheckEnd() {
  const auto end = static_cast<std::uint64_t>(
                       ::archive_read_header_position(reader_.get())) +
                   kEndOfArchive;
  while (total_ < end) {
    const long got = Fill();
    if (got < 0) {
      return Damaged("tar stream");
    }
    if (got == 0) {
      return Error(Reason::kFileInvalid,
                   "tar stream is cut short: its end-of-archive is missing");
    }
  }
  std::uint64_t start = std::max(end, total_ - filled_);
  while (filled_ != 0) {
    const auto first =
        buffer_.begin() + static_cast<std::ptrdiff_t>(start + filled_ - total_);
    const auto last = buffer_.begin() + static_cast<std::ptrdiff_t>(filled_);
    if (std::any_of(first, last, [](auto byte) { return byte != 0; })) {
      return Error(Reason::kFileInvalid,
                   "tar stream goes on behind its end-of-archive");
    }
    if (Fill() < 0) {
      return Damaged("tar stream");
    }
    start = total_ - filled_;
  }
  return {};
}

Result<bool> TarStream::Next(TarMember* member) {
  archive_entry* entry = nullptr;
  const int status = ::archive_read_next_header(reader_.get(), &entry);
  if (status == ARCHIVE_EOF) {
    RETURN_IF_ERROR(CheckEnd());
    return false;
  }
  // One warning is none to us: a name that is not in the locale's encoding, of
  // which the library then gives the bytes. All else it says is fatal.
  const char* const words = ::archive_error_string(reader_.get());
  const bool is_name = status == ARCHIVE_WARN && words != nullptr &&
                       std::string_view(words).find("can't be converted") !=
                           std::string_view::npos;
  if (status != ARCHIVE_OK && !is_name) {
    return Damaged(name_.empty() ? "tar stream"
                                 : "tar stream, after '" + name_ + "'");
  }
  ASSIGN_OR_RETURN(*member, DescribeTarMember(entry));
  name_ = member->name;
  return true;
}

Result<void> TarStream::ReadContent(
    const std::function<Result<void>(std::uint64_t,
                                     std::span<const std::uint8_t>)>& use) {
  while (true) {
    const void* bytes = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int status =
        ::archive_read_data_block(reader_.get(), &bytes, &size, &offset);
    if (status == ARCHIVE_EOF) {
      return {};
    }
    if (status != ARCHIVE_OK || offset < 0) {
      return Damaged("content");
    }
    RETURN_IF_ERROR(use(static_cast<std::uint64_t>(offset),
                        {static_cast<const std::uint8_t*>(bytes), size}));
  }
}

}  // namespace tdxvfs::image
