// SPDX-License-Identifier: Apache-2.0
#include "attest/policy/json_fault.h"

#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace tdxvfs::policy {
namespace {

constexpr std::size_t kDeepest = 1024;  // as the parser has it
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsHex(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// Walks through one text until it breaks the grammar. Use once.
class FaultFinder {
 public:
  explicit FaultFinder(std::string_view text) : text_(text) {}

  std::string Find() {
    SkipSpace();
    while (fault_.empty() && !Done()) {
      Step();
      SkipSpace();
    }
    return fault_;
  }

 private:
  enum class Next : std::uint8_t {
    kValue,
    kFirstElement,  // or the end of the list
    kName,
    kFirstName,  // or the end of the object
    kColon,
    kAfterValue,
  };

  bool Done() const {
    return next_ == Next::kAfterValue && open_.empty() && at_ == text_.size();
  }
  // NUL at the end: it can stand nowhere in JSON.
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void SkipSpace() {
    at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
  }

  bool Take(std::string_view word) {
    const bool found = text_.substr(at_).starts_with(word);
    at_ += found ? word.size() : 0;
    return found;
  }

  void Fail(std::string_view expected) {
    const std::string_view before = text_.substr(0, at_);
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const std::size_t begin = before.rfind('\n') + 1;  // npos: 0
    const auto column =
        std::count_if(before.begin() + static_cast<std::ptrdiff_t>(begin),
                      before.end(),
                      [](char c) {
                        return (static_cast<unsigned char>(c) & 0xc0U) != 0x80;
                      }) +
        1;
    fault_ = "line " + std::to_string(line) + ", column " +
             std::to_string(column) + ": " +
             (at_ == text_.size() ? "the text ends here; " : "") +
             std::string(expected);
  }

  void Step() {
    switch (next_) {
      case Next::kValue:
        return Value("expected a value");
      case Next::kFirstElement:
        return Take("]") ? Close() : Value("expected a value or ']'");
      case Next::kFirstName:
        return Take("}") ? Close()
                         : Name("expected a name in double quotes or '}'");
      case Next::kName:
        return Name("expected a name in double quotes");
      case Next::kColon:
        next_ = Next::kValue;
        return Take(":") ? void() : Fail("expected ':'");
      case Next::kAfterValue:
        return AfterValue();
    }
  }

  void Open(char bracket, Next next) {
    open_.push_back(bracket);
    next_ = next;
    if (open_.size() > kDeepest) {
      Fail("nested too deep");
    }
  }

  void Close() {
    open_.pop_back();
    next_ = Next::kAfterValue;
  }

  void AfterValue() {
    if (open_.empty()) {
      return Fail("expected the end of the text");
    }
    const bool in_object = open_.back() == '{';
    if (Take(",")) {
      next_ = in_object ? Next::kName : Next::kValue;
    } else if (Take(in_object ? "}" : "]")) {
      Close();
    } else {
      Fail(in_object ? "expected ',' or '}'" : "expected ',' or ']'");
    }
  }

  void Name(std::string_view expected) {
    next_ = Next::kColon;
    if (Peek() != '"') {
      return Fail(expected);
    }
    String();
  }

  void Value(std::string_view expected) {
    next_ = Next::kAfterValue;
    if (Take("{")) {
      return Open('{', Next::kFirstName);
    }
    if (Take("[")) {
      return Open('[', Next::kFirstElement);
    }
    if (Peek() == '"') {
      return String();
    }
    if (Peek() == '-' || IsDigit(Peek())) {
      return Number();
    }
    if (!Take("true") && !Take("false") && !Take("null")) {
      Fail(expected);
    }
  }

  void String() {
    ++at_;
    while (Peek() != '"') {
      if (at_ == text_.size()) {
        return Fail("expected '\"' at the end of a string");
      }
      if (static_cast<unsigned char>(Peek()) < 0x20) {
        return Fail("a control character in a string; expected '\"' before it");
      }
      if (Take("\\")) {
        Escape();
        if (!fault_.empty()) {
          return;
        }
      } else {
        ++at_;
      }
    }
    ++at_;
  }

  void Escape() {
    if (Take("u")) {
      const std::string_view digits = text_.substr(at_, 4);
      if (digits.size() < 4 ||
          !std::all_of(digits.begin(), digits.end(), IsHex)) {
        return Fail("expected four hex digits behind \\u");
      }
      at_ += digits.size();
    } else if (at_ < text_.size() &&
               std::string_view("\"\\/bfnrt").find(Peek()) !=
                   std::string_view::npos) {
      ++at_;
    } else {
      Fail("expected one of \" \\ / b f n r t u behind a backslash");
    }
  }

  bool Digits() {
    const std::size_t begin = at_;
    while (IsDigit(Peek())) {
      ++at_;
    }
    return at_ > begin;
  }

  void Number() {
    (void)Take("-");
    bool good = Take("0") || Digits();
    if (good && Take(".")) {
      good = Digits();
    }
    if (good && (Take("e") || Take("E"))) {
      (void)(Take("+") || Take("-"));
      good = Digits();
    }
    if (!good) {
      Fail("expected a digit");
    }
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  Next next_ = Next::kValue;
  std::vector<char> open_;  // the brackets around
  std::string fault_;
};

std::string NoUtf8Line(std::string_view text) {
  std::size_t line = 1;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    if (!simdjson::validate_utf8(text.data(), end)) {
      break;
    }
    text.remove_prefix(end);
    ++line;
  }
  return "line " + std::to_string(line) + ": not UTF-8";
}

}  // namespace

std::string JsonFault(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) {
    return "line 1, column 1: a byte order mark; save the file without it";
  }
  if (!simdjson::validate_utf8(text.data(), text.size())) {
    return NoUtf8Line(text);
  }
  return FaultFinder(text).Find();
}

}  // namespace tdxvfs::policy
