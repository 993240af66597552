// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_TESTS_UNIT_LUKS_TAR_BYTES_H_
#define TDXVFS_TESTS_UNIT_LUKS_TAR_BYTES_H_

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace tdxvfs::testing {

// A ustar stream (POSIX.1-1988) made member by member, also of what tar would
// not write.
class TarBytes {
 public:
  TarBytes& Member(std::string_view name, char type,
                   std::string_view content = {}, std::string_view link = {},
                   unsigned mode = 0644) {
    std::string header(kBlock, '\0');
    Put(&header, 0, name);
    Put(&header, 100, Octal(mode, 7));
    Put(&header, 108, Octal(0, 7));
    Put(&header, 116, Octal(0, 7));
    Put(&header, 124, Octal(content.size(), 11));
    Put(&header, 136, Octal(1700000000, 11));
    header[156] = type;
    Put(&header, 157, link);
    Put(&header, 257, std::string_view("ustar\00000", 8));
    Put(&header, 148, "        ");
    unsigned sum = 0;
    for (const char c : header) {
      sum += static_cast<unsigned char>(c);
    }
    Put(&header, 148, Octal(sum, 6) + std::string("\0 ", 2));
    bytes_ += header;
    bytes_ += content;
    bytes_.resize((bytes_.size() + kBlock - 1) / kBlock * kBlock, '\0');
    return *this;
  }
  TarBytes& File(std::string_view name, std::string_view content) {
    return Member(name, '0', content);
  }
  TarBytes& Folder(std::string_view name) {
    return Member(name, '5', {}, {}, 0755);
  }
  // Without the end-of-archive.
  const std::string& open() const { return bytes_; }
  std::string Close() const { return bytes_ + std::string(2 * kBlock, '\0'); }

 private:
  static constexpr std::size_t kBlock = 512;
  static void Put(std::string* header, std::size_t at, std::string_view text) {
    header->replace(at, text.size(), text);
  }
  static std::string Octal(std::uint64_t number, int digits) {
    std::string text(static_cast<std::size_t>(digits), '0');
    for (std::size_t at = text.size(); at-- > 0;) {
      text[at] = static_cast<char>('0' + number % 8);
      number /= 8;
    }
    return text;
  }
  std::string bytes_;
};

}  // namespace tdxvfs::testing

#endif  // TDXVFS_TESTS_UNIT_LUKS_TAR_BYTES_H_
