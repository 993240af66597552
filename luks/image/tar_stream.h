// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_LUKS_IMAGE_TAR_STREAM_H_
#define TDXVFS_LUKS_IMAGE_TAR_STREAM_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "luks/image/source_tree.h"

struct archive;
struct archive_entry;

namespace tdxvfs::image {

// A member of a tar stream, without its content.
struct TarMember {
  std::string name;
  SourceNode node;          // mode, owner, time, size
  std::string hard_link;    // the target; empty: none
  std::string link_target;  // of a symbolic link
  SourceAttributes attributes;
  // Bytes of content between the holes, by the member's own list of them.
  std::optional<std::uint64_t> listed_content;
};

// Reads a tar stream (ustar, GNU, PAX with sparse files, uncompressed) from a
// descriptor by libarchive. Not thread-safe.
class TarStream {
 public:
  // `descriptor` stays the caller's. Fails with kInternal.
  static Result<std::unique_ptr<TarStream>> Open(int descriptor);
  TarStream(const TarStream&) = delete;
  TarStream& operator=(const TarStream&) = delete;
  ~TarStream();

  // The next member; false at the end of the archive, whose two blocks of
  // zeroes must be there, with nothing but zeroes behind them. Fails with
  // kFileInvalid (not tar, cut short, damaged; naming the member, too: a
  // device, an access control list with unknown names) and
  // kFileUnreadable.
  Result<bool> Next(TarMember* member);

  // The content of the member that Next gave, piece by piece in order; what
  // lies between pieces and behind the last is zeroes. Fails as Next does and
  // as `use` does.
  Result<void> ReadContent(
      const std::function<Result<void>(std::uint64_t offset,
                                       std::span<const std::uint8_t>)>& use);

  std::uint64_t bytes_read() const { return total_; }  // of the stream

 private:
  explicit TarStream(int descriptor) : descriptor_(descriptor) {}
  static long ReadMore(archive* reader, void* self, const void** bytes);
  long Fill();
  Result<void> CheckEnd();
  Error Damaged(std::string_view what) const;
  Error NoTar() const;

  struct Free {
    void operator()(archive* reader) const;
  };
  int descriptor_;
  std::vector<std::uint8_t> buffer_;
  std::string beginning_;    // of the stream, a few bytes
  std::size_t filled_ = 0;   // bytes of buffer_
  std::uint64_t total_ = 0;  // bytes read, those of buffer_ the last of them
  int read_error_ = 0;       // errno
  std::string name_;         // of the member at hand
  std::unique_ptr<archive, Free> reader_;
};

}  // namespace tdxvfs::image

#endif  // TDXVFS_LUKS_IMAGE_TAR_STREAM_H_
