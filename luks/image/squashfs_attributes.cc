// SPDX-License-Identifier: Apache-2.0
#include "luks/image/squashfs_attributes.h"

#include <string>

#include <sqfs/xattr.h>

#include "luks/image/source_attributes.h"

namespace tdxvfs::image {
namespace {

// Both tables have an entry of a few bytes for many inodes: 65536 owners take
// 32 blocks, two reads each, and 2^24 descriptors 32768.
constexpr std::uint64_t kTableReads = 131072;

}  // namespace

Result<SquashfsTables> SquashfsTables::Open(SquashfsSource* source,
                                            sqfs_compressor_t* compressor,
                                            const sqfs_super_t& super) {
  SquashfsTables result;
  result.source_ = source;
  result.owners_.reset(sqfs_id_table_create(0));
  if (result.owners_ == nullptr) {
    return Error(Reason::kInternal, "squashfs: no table of owners");
  }
  source->Allow(kTableReads);
  RETURN_IF_ERROR(source->Check(
      sqfs_id_table_read(result.owners_.get(), source, &super, compressor),
      "the table of owners"));
  if ((super.flags & SQFS_FLAG_NO_XATTRS) != 0) {
    return result;
  }
  result.attributes_.reset(sqfs_xattr_reader_create(0));
  if (result.attributes_ == nullptr) {
    return Error(Reason::kInternal, "squashfs: no reader of attributes");
  }
  source->Allow(kTableReads);
  RETURN_IF_ERROR(
      source->Check(sqfs_xattr_reader_load(result.attributes_.get(), &super,
                                           source, compressor),
                    "the table of extended attributes"));
  return result;
}

Result<std::uint32_t> SquashfsTables::Owner(std::uint32_t index) const {
  std::uint32_t owner = 0;
  RETURN_IF_ERROR(source_->Check(
      sqfs_id_table_index_to_id(owners_.get(),
                                static_cast<std::uint16_t>(index), &owner),
      "an owner"));
  return owner;
}

Result<void> SquashfsTables::ReadOne(SourceAttributes* attributes) {
  source_->Allow(kMetadataReads);
  sqfs_xattr_entry_t* read_key = nullptr;
  RETURN_IF_ERROR(
      source_->Check(sqfs_xattr_reader_read_key(attributes_.get(), &read_key),
                     "the name of an extended attribute"));
  const SquashfsBytes<sqfs_xattr_entry_t> key(read_key);
  sqfs_xattr_value_t* read_value = nullptr;
  RETURN_IF_ERROR(source_->Check(
      sqfs_xattr_reader_read_value(attributes_.get(), key.get(), &read_value),
      "an extended attribute"));
  const SquashfsBytes<sqfs_xattr_value_t> value(read_value);
  // The library has put the prefix before it and a zero behind.
  const std::string name(reinterpret_cast<const char*>(key->key));
  if (value->size > kMaxAttribute || value->size + name.size() > room_) {
    return DamagedSquashfs(
        "extended attributes of more than 64 KiB, or 1 GiB in all");
  }
  room_ -= value->size + name.size();
  if (!IsKeptAttribute(name)) {
    return {};
  }
  const bool is_new =
      attributes
          ->emplace(name,
                    std::string(reinterpret_cast<const char*>(value->value),
                                value->size))
          .second;
  return is_new ? Result<void>()
                : DamagedSquashfs("an extended attribute twice");
}

Result<SourceAttributes> SquashfsTables::Attributes(std::uint32_t index) {
  SourceAttributes attributes;
  if (index == kSquashfsNone) {
    return attributes;
  }
  if (attributes_ == nullptr) {
    return DamagedSquashfs("extended attributes without a table of them");
  }
  sqfs_xattr_id_t place{};
  source_->Allow(kMetadataReads);
  RETURN_IF_ERROR(source_->Check(
      sqfs_xattr_reader_get_desc(attributes_.get(), index, &place),
      "the place of extended attributes"));
  RETURN_IF_ERROR(
      source_->Check(sqfs_xattr_reader_seek_kv(attributes_.get(), &place),
                     "the place of extended attributes"));
  for (std::uint32_t i = 0; i < place.count; ++i) {
    RETURN_IF_ERROR(ReadOne(&attributes));
  }
  return attributes;
}

}  // namespace tdxvfs::image
