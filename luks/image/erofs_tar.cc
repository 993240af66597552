// SPDX-License-Identifier: Apache-2.0
#include "luks/image/erofs_tar.h"

#include <malloc.h>
#include <sys/stat.h>

#include <memory>
#include <utility>
#include <vector>

#include "luks/image/block_writer.h"
#include "luks/image/content_writer.h"
#include "luks/image/erofs_image.h"
#include "luks/image/erofs_metadata.h"
#include "luks/image/source_date.h"
#include "luks/image/tar_stream.h"
#include "luks/image/tar_tree.h"
#include "luks/image/tree_order.h"

namespace tdxvfs::image {
namespace {

// Contents by the number that a node has while the stream is read.
class TarContents {
 public:
  explicit TarContents(BlockWriter* writer) : writer_(writer) {}

  Result<void> Store(std::uint32_t node, const TarMember& member,
                     TarStream* stream,
                     const std::function<void(std::uint64_t)>& progress) {
    ContentWriter content(writer_);
    auto read = stream->ReadContent([&](std::uint64_t offset, auto bytes) {
      if (progress) {
        progress(stream->bytes_read());
      }
      return content.Put(offset, bytes);
    });
    RETURN_IF_ERROR(
        std::move(read).Context("tar member '" + member.name + "'"));
    ASSIGN_OR_RETURN(StoredFile stored,
                     content.Finish(member.node.size)
                         .Context("tar member '" + member.name + "'"));
    files_.resize(node + std::size_t{1}, 0);
    if (stored.has_holes) {
      sparse_.emplace(node, std::move(stored.runs));
    } else {
      files_[node] = stored.runs.front().block;
    }
    return {};
  }

  // The same by the numbers of the ordered tree.
  StoredFiles Ordered(const std::vector<std::uint32_t>& numbers) {
    StoredFiles ordered;
    ordered.first_block.assign(numbers.size(), 0);
    for (std::size_t node = 0; node < files_.size(); ++node) {
      ordered.first_block[numbers[node]] = files_[node];
    }
    for (auto& [node, runs] : sparse_) {
      ordered.sparse.emplace(numbers[node], std::move(runs));
    }
    return ordered;
  }

 private:
  BlockWriter* writer_;
  std::vector<std::uint32_t> files_;
  std::map<std::uint32_t, std::vector<ChunkRun>> sparse_;
};

Result<void> TakeMember(TarMember member, TarTree* tree, TarStream* stream,
                        TarContents* contents,
                        const std::function<void(std::uint64_t)>& progress) {
  if (!member.hard_link.empty()) {
    if (member.node.size != 0) {
      return Error(Reason::kFileInvalid,
                   "tar member '" + member.name +
                       "' is a hard link with a content of its own");
    }
    return tree->Link(member.name, member.hard_link);
  }
  if (tree->epoch().has_value()) {
    member.node.modified = *tree->epoch();
    member.node.modified_rest = 0;
  }
  ASSIGN_OR_RETURN(const std::uint32_t node,
                   tree->Add(member.name, member.node));
  if (!member.attributes.empty()) {
    tree->tree().attributes[node] = std::move(member.attributes);
  }
  if (S_ISLNK(member.node.mode)) {
    tree->tree().link_targets[node] = std::move(member.link_target);
  }
  if (S_ISREG(member.node.mode) && member.node.size != 0) {
    return contents->Store(node, member, stream, progress);
  }
  return {};
}

}  // namespace

Result<void> WriteErofsFromTar(
    int descriptor, ImageSink* sink,
    const std::function<void(std::uint64_t)>& progress) {
  ASSIGN_OR_RETURN(const auto epoch, SourceDateEpoch());
  ASSIGN_OR_RETURN(const std::unique_ptr<TarStream> stream,
                   TarStream::Open(descriptor));
  BlockWriter writer(sink);
  TarContents contents(&writer);
  SourceTree tree;
  {
    TarTree members(epoch);
    TarMember member;
    while (true) {
      ASSIGN_OR_RETURN(const bool more, stream->Next(&member));
      if (!more) {
        break;
      }
      RETURN_IF_ERROR(TakeMember(std::exchange(member, {}), &members,
                                 stream.get(), &contents, progress));
    }
    tree = std::move(members.tree());
  }
  // The index of names is gone, in pieces too small for the allocator to give
  // back by itself; with a million members it is 50 MiB.
  (void)::malloc_trim(0);
  StoredFiles files = contents.Ordered(OrderTree(&tree));
  return FinishErofs(tree, &files, &writer, sink);
}

}  // namespace tdxvfs::image
