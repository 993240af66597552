// SPDX-License-Identifier: Apache-2.0
#include "common/audit_check.h"

#include <algorithm>
#include <utility>

#include "common/hex.h"

namespace tdxvfs::audit {
namespace {

constexpr std::string_view kUnlinkedLine =
    "the line has no number and link: it was changed or put in";

std::string Lines(std::uint64_t first, std::uint64_t last) {
  return first == last ? "line " + std::to_string(first) + " of the log is"
                       : "lines " + std::to_string(first) + " to " +
                             std::to_string(last) + " of the log are";
}

bool Digested(DigestContextPtr* context, std::string_view text) {
  if (!*context) {
    context->reset(EVP_MD_CTX_new());
    if (!*context ||
        EVP_DigestInit_ex(context->get(), EVP_sha256(), nullptr) != 1) {
      return false;
    }
  }
  return EVP_DigestUpdate(context->get(), text.data(), text.size()) == 1;
}

}  // namespace

void Check::BeginFile(std::string_view name) {
  file_ = name;
  line_ = 0;
}

void Check::Fail(std::string text) {
  if (!failed()) {
    verdict_.finding = Finding{file_, line_, std::move(text)};
  }
}

void Check::Line(std::string_view line) {
  if (failed()) {
    return;
  }
  ++line_;
  const auto read = ReadLinkedLine(line);
  if (!read.has_value()) {
    return Unlinked(line);
  }
  if (!position_.has_value()) {
    First(*read);
  } else {
    CheckNumber(*read);
  }
  if (failed()) {
    return;
  }
  CheckLink(*read);
  CheckMark(*read);
  if (!failed()) {
    position_ = read->position;
    ++verdict_.lines;
    CheckExpected(*read);
  }
}

// Only before the chain, as an older version wrote them.
void Check::Unlinked(std::string_view line) {
  if (position_.has_value()) {
    return Fail(std::string(kUnlinkedLine));
  }
  if (!first_unlinked_.has_value()) {
    first_unlinked_ = Finding{file_, line_, std::string(kUnlinkedLine)};
  }
  if (!Digested(&unlinked_, line) || !Digested(&unlinked_, "\n")) {
    return Fail("its digest could not be computed");
  }
  verdict_.unlinked_bytes += line.size() + 1;
}

void Check::First(const LinkedLine& line) {
  if (!BeginsChain(line) && !BeginsFile(line) && !failed()) {
    // Lines of an older version are bound by the line that begins the chain.
    verdict_.finding = first_unlinked_;
    Fail("the log does not begin here: what was before line " +
         std::to_string(line.position.sequence) + " of the log is missing");
  }
  verdict_.first = line.position.sequence;
}

bool Check::BeginsChain(const LinkedLine& line) {
  const auto begin = ReadChainBegin(line.body);
  if (!begin.has_value() || line.position.sequence != 1) {
    return false;
  }
  if (begin->unlinked_bytes == 0 && first_unlinked_.has_value()) {
    verdict_.finding = first_unlinked_;
    return false;
  }
  Sha256Digest digest{};
  unsigned int size = 0;
  if (!Digested(&unlinked_, "") ||
      EVP_DigestFinal_ex(unlinked_.get(), digest.data(), &size) != 1 ||
      digest != begin->unlinked_sha256 ||
      verdict_.unlinked_bytes != begin->unlinked_bytes) {
    Fail(
        "the lines before this one, which an older version wrote without "
        "links, were changed");
  }
  verdict_.instance = begin->instance;
  position_ = Position{};
  return true;
}

bool Check::BeginsFile(const LinkedLine& line) {
  const auto begin = ReadFileBegin(line.body);
  if (whole_ || !begin.has_value() ||
      begin->last.sequence + 1 != line.position.sequence) {
    return false;
  }
  verdict_.instance = begin->instance;
  position_ = begin->last;
  return true;
}

void Check::CheckNumber(const LinkedLine& line) {
  const std::uint64_t expected = position_->sequence + 1;
  const std::uint64_t found = line.position.sequence;
  if (found > expected) {
    Fail(Lines(expected, found - 1) + " missing before this one");
  } else if (found < expected) {
    Fail("line " + std::to_string(found) + " of the log stands where line " +
         std::to_string(expected) +
         " should: lines were repeated, put in or "
         "put in another order");
  }
}

void Check::CheckLink(const LinkedLine& line) {
  const auto link = LinkAfter(position_->link, line.body);
  if (!link.has_value() || *link != line.position.link) {
    Fail(
        "the link does not fit: this line was changed, or the one before it "
        "was and got a new link");
  }
}

void Check::CheckMark(const LinkedLine& line) {
  const std::string_view kind = MarkKind(line.body);
  if (kind == "head") {
    return CheckHead(line);
  }
  if (needs_head_) {
    return Fail("a signed head should stand here");
  }
  if (++verdict_.unsigned_lines > kMaxUnsignedLines) {
    return Fail("more than " + std::to_string(kMaxUnsignedLines) +
                " lines without a signed head; " + LastHead());
  }
  verdict_.torn += kind == "torn" ? 1U : 0U;
  verdict_.key_changes += kind == "key" ? 1U : 0U;
  // The first line of a chain or a file is vouched for by the head behind it.
  needs_head_ = kind == "chain" || kind == "file";
}

void Check::CheckHead(const LinkedLine& line) {
  const auto head = ReadHead(line.body);
  if (!head.has_value() || head->instance != verdict_.instance ||
      head->last.sequence != position_->sequence ||
      head->last.link != position_->link) {
    return Fail(
        "the head does not name the line before it: lines were "
        "changed and linked anew; " +
        LastHead());
  }
  const auto key = std::ranges::find(keys_, PublicKey(head->key));
  if (key == keys_.end()) {
    return Fail("the head is signed by a key that was not given (" +
                ToHex(head->key) + ")");
  }
  if (!key->Verifies(SignedText(*head), head->signature)) {
    return Fail(
        "the head's signature does not hold: lines were changed and "
        "linked anew; " +
        LastHead());
  }
  head_ = head->last;
  verdict_.head_time = head->time;
  verdict_.unsigned_lines = 0;
  needs_head_ = false;
}

// From where on a change that fooled the links can lie.
std::string Check::LastHead() const {
  return head_.has_value()
             ? "the last head that holds is line " +
                   std::to_string(head_->sequence + 1) + " of the log"
             : "no head before holds";
}

void Check::CheckExpected(const LinkedLine& line) {
  for (Expected& expected : expected_) {
    const Position& named = expected.head.last;
    if (named.sequence == position_->sequence) {
      if (named.link != position_->link) {
        Fail(
            "a head that was kept elsewhere names another link for this "
            "line: the log was rewritten");
      }
    } else if (named.sequence + 1 == position_->sequence) {
      const auto head = ReadHead(line.body);
      expected.seen =
          head.has_value() && SignedText(*head) == SignedText(expected.head);
      if (!expected.seen) {
        Fail(
            "a head that was kept elsewhere should stand here: the log was "
            "cut off before this line and written on");
      }
    }
  }
}

void Check::EndsWithin(std::uint64_t bytes) {
  if (!failed()) {
    ++line_;
    Fail("the last line is cut after " + std::to_string(bytes) +
         " bytes: torn by a crash (then the server says so when it starts) or "
         "cut off");
  }
}

void Check::EndsFile(std::uint64_t named) {
  if (!failed() && position_.has_value() && position_->sequence != named) {
    Fail("by its name the file ends with line " + std::to_string(named) +
         " of the log, but the last line up to here is " +
         std::to_string(position_->sequence) +
         ": lines were cut off or moved, or the file was renamed or put in");
  }
}

void Check::CheckReached(const Expected& expected) {
  const std::uint64_t sequence = expected.head.last.sequence;
  const bool archived =
      expected.may_be_archived && !whole_ && sequence < verdict_.first;
  if (failed() || expected.seen || archived) {
    return;
  }
  if (sequence < verdict_.first) {
    return Fail("a head that was kept elsewhere is about line " +
                std::to_string(sequence) + " of the log, which is not here");
  }
  const std::uint64_t lost = sequence + 1 - position_->sequence;
  Fail(
      "the log was cut off behind this line: a head that was kept elsewhere (" +
      expected.head.time + ") says that " + std::to_string(lost) +
      (lost == 1 ? " more line was written" : " more lines were written"));
}

Verdict Check::Finish() {
  if (!failed() && !position_.has_value()) {
    line_ = 0;
    Fail("there is no line with number and link");
  }
  if (!failed() && line_ == 0) {
    Fail("not one line is left of the newest file: the log was cut off");
  }
  if (!failed() && needs_head_) {
    Fail("a signed head should stand behind this line: the log was cut off");
  }
  for (const Expected& expected : expected_) {
    CheckReached(expected);
    verdict_.heads_found += expected.seen ? 1 : 0;
  }
  verdict_.last = position_.has_value() ? position_->sequence : 0;
  return verdict_;
}

}  // namespace tdxvfs::audit
