// SPDX-License-Identifier: Apache-2.0
#include "luks/image/tar_image.h"

#include <malloc.h>
#include <sys/stat.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "luks/image/source_date.h"
#include "luks/image/tar_stream.h"
#include "luks/image/tar_tree.h"
#include "luks/image/tree_order.h"

namespace tdxvfs::image {
namespace {

Result<void> StoreContent(std::uint32_t node, const TarMember& member,
                          TarStream* stream, FileSystemWriter* writer,
                          const std::function<void(std::uint64_t)>& progress) {
  RETURN_IF_ERROR(writer->Begin(node));
  std::uint64_t stored = 0;
  RETURN_IF_ERROR(stream->ReadContent([&](std::uint64_t offset, auto bytes) {
    stored += bytes.size();
    if (progress) {
      progress(stream->bytes_read());
    }
    return writer->Put(offset, bytes);
  }));
  // libarchive takes what is missing for holes.
  const std::uint64_t expected =
      member.listed_content.value_or(member.node.size);
  if (stored != expected) {
    return Error(Reason::kFileInvalid, "has " + std::to_string(stored) +
                                           " bytes of content instead of " +
                                           std::to_string(expected));
  }
  return writer->End(member.node.size);
}

Result<void> TakeMember(TarMember member, TarTree* tree, TarStream* stream,
                        FileSystemWriter* writer,
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
    return StoreContent(node, member, stream, writer, progress)
        .Context("tar member '" + member.name + "'");
  }
  return {};
}

}  // namespace

Result<void> WriteTar(int descriptor, FileSystemWriter* writer,
                      const std::function<void(std::uint64_t)>& progress) {
  ASSIGN_OR_RETURN(const auto epoch, SourceDateEpoch());
  ASSIGN_OR_RETURN(const std::unique_ptr<TarStream> stream,
                   TarStream::Open(descriptor));
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
                                 stream.get(), writer, progress));
    }
    tree = std::move(members.tree());
  }
  // The index of names is gone, in pieces too small for the allocator to give
  // back by itself; with a million members it is 50 MiB.
  (void)::malloc_trim(0);
  const std::vector<std::uint32_t> numbers = OrderTree(&tree);
  return writer->Finish(tree, numbers);
}

}  // namespace tdxvfs::image
