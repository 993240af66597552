// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_SIMULATOR_DER_WRITER_H_
#define TDXVFS_SIMULATOR_DER_WRITER_H_

#include <cstdint>
#include <span>
#include <vector>

namespace tdxvfs::simulator {

using Bytes = std::vector<std::uint8_t>;

// One DER value: identifier octet, length in its shortest form, contents.
Bytes DerValue(std::uint8_t tag, std::span<const std::uint8_t> contents);

Bytes DerOctets(std::span<const std::uint8_t> contents);
Bytes DerSequence(const std::vector<Bytes>& parts);
Bytes DerBoolean(bool value);
// INTEGER, or ENUMERATED with tag 0x0a, of a non-negative number.
Bytes DerNumber(std::uint32_t value, std::uint8_t tag = 0x02);

}  // namespace tdxvfs::simulator

#endif  // TDXVFS_SIMULATOR_DER_WRITER_H_
