// SPDX-License-Identifier: Apache-2.0
#include "attest/verify/signed_document.h"

#include <algorithm>

#include "attest/verify/json.h"
#include "common/hex.h"

namespace tdxvfs::verify {
namespace {

constexpr std::string_view kSignature = "signature";

Error EnvelopeError(std::string_view why) {
  return {Reason::kQuoteInvalid, "envelope: " + std::string(why)};
}

// Finds where values begin and end in a text that a parser has found to be
// JSON, which is what makes its few steps enough.
class ValueFinder {
 public:
  explicit ValueFinder(std::string_view json) : json_(json) {}

  // The bytes of the value of the member at `index` of the outermost object;
  // it and those before it are strings, objects or arrays.
  std::string_view MemberValue(std::size_t index) {
    SkipTo('{');
    for (;;) {
      SkipTo('"');
      SkipString();
      SkipTo(':');
      ++at_;
      at_ = json_.find_first_not_of(" \t\r\n", at_);
      const std::size_t begin = at_;
      SkipValue();
      if (index == 0) {
        return json_.substr(begin, at_ - begin);
      }
      --index;
    }
  }

 private:
  void SkipTo(char letter) { at_ = json_.find(letter, at_); }

  // From the opening quote to after the closing one.
  void SkipString() {
    for (++at_; json_[at_] != '"'; ++at_) {
      if (json_[at_] == '\\') {
        ++at_;
      }
    }
    ++at_;
  }

  void SkipValue() {
    std::size_t open = 0;
    do {
      at_ = json_.find_first_of("\"{}[]", at_);
      if (json_[at_] == '"') {
        SkipString();
        continue;
      }
      if (json_[at_] == '{' || json_[at_] == '[') {
        ++open;
      } else {
        --open;
      }
      ++at_;
    } while (open != 0);
  }

  std::string_view json_;
  std::size_t at_ = 0;
};

// Where the two members stand, by their order.
struct Members {
  std::size_t signed_index = 0;
  simdjson::dom::element signed_object;
  simdjson::dom::element signature;
};

Result<Members> FindMembers(simdjson::dom::element root,
                            std::string_view name) {
  simdjson::dom::object envelope;
  if (root.get(envelope) != simdjson::SUCCESS) {
    return EnvelopeError("not an object");
  }
  Members members;
  std::size_t index = 0;
  std::size_t named = 0;
  std::size_t signatures = 0;
  for (const simdjson::dom::key_value_pair member : envelope) {
    if (member.key == name) {
      members.signed_index = index;
      members.signed_object = member.value;
      ++named;
    } else if (member.key == kSignature) {
      members.signature = member.value;
      ++signatures;
    } else {
      return EnvelopeError("a member other than '" + std::string(name) +
                           "' and 'signature'");
    }
    ++index;
  }
  if (named != 1 || signatures != 1) {
    return EnvelopeError("not exactly one '" + std::string(name) +
                         "' and one 'signature'");
  }
  return members;
}

}  // namespace

Result<SignedDocument> OpenSignedDocument(std::string_view text,
                                          std::string_view name) {
  simdjson::dom::parser parser;
  ASSIGN_OR_RETURN(const simdjson::dom::element root, ParseJson(parser, text));
  ASSIGN_OR_RETURN(const Members members, FindMembers(root, name));
  std::string_view digits;
  if (members.signature.get(digits) != simdjson::SUCCESS) {
    return EnvelopeError("'signature' is not a string");
  }
  if (!members.signed_object.is_object()) {
    return EnvelopeError("'" + std::string(name) + "' is not an object");
  }
  SignedDocument document;
  const auto signature = FromHex(digits);
  if (!signature.has_value() ||
      signature->size() != document.signature.size()) {
    return EnvelopeError("'signature' is not 128 hex digits");
  }
  std::copy(signature->begin(), signature->end(), document.signature.begin());
  document.signed_bytes = ValueFinder(text).MemberValue(members.signed_index);
  return document;
}

Result<void> CheckDocumentSignature(const SignedDocument& document,
                                    const P256Key& key) {
  return key.CheckSignature(AsBytes(document.signed_bytes), document.signature);
}

}  // namespace tdxvfs::verify
