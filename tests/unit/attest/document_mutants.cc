// SPDX-License-Identifier: Apache-2.0
// A signed JSON document wrong: its envelope, its signature, any member.
#include <cctype>
#include <utility>

#include <gtest/gtest.h>

#include "common/hex.h"
#include "simulator/signed_json.h"
#include "tests/unit/attest/mutants.h"

namespace tdxvfs::testing {
namespace {

using simulator::CollateralSpec;
using simulator::SigningSpec;
using verify::CollateralDocuments;

// One of the two documents of a set.
struct WhichDocument {
  std::string name;
  std::string member;   // of the envelope
  std::string failure;  // begins the classes
  std::string CollateralDocuments::*text;
  // Where its edits are.
  SigningSpec& (*signing)(CollateralSpec&);
};

const std::vector<WhichDocument>& BothDocuments() {
  static const std::vector<WhichDocument> both = {
      {"TcbInfo", "tcbInfo", "tcb-info", &CollateralDocuments::tcb_info,
       [](CollateralSpec& s) -> SigningSpec& { return s.tcb_info.signing; }},
      {"QeIdentity", "enclaveIdentity", "qe-identity",
       &CollateralDocuments::qe_identity,
       [](CollateralSpec& s) -> SigningSpec& {
         return s.qe_identity.signing;
       }}};
  return both;
}

const std::string& GoodText(const WhichDocument& which) {
  return (*GoodDocuments(attest::Tee::kTdx)).*(which.text);
}

std::string InnerOf(const WhichDocument& which) {
  const std::string& whole = GoodText(which);
  const std::size_t begin = which.member.size() + 4;
  return whole.substr(begin, whole.rfind(",\"signature\"") - begin);
}

std::string SignatureOf(const WhichDocument& which) {
  const std::string& whole = GoodText(which);
  return whole.substr(whole.size() - 130, 128);
}

// Rows in which the whole text is another one.
class TextRows {
 public:
  TextRows(const WhichDocument& which, Mutants& rows)
      : which_(which), rows_(rows) {}
  void Add(const std::string& name, const std::string& failure,
           const std::string& text) {
    rows_.push_back(DocumentsMutant(
        which_.name + name, which_.failure + failure,
        [&](CollateralDocuments& d) { d.*(which_.text) = text; }));
  }

 private:
  const WhichDocument& which_;
  Mutants& rows_;
};

Mutants FrameMutants(const WhichDocument& which) {
  Mutants rows;
  TextRows add(which, rows);
  const std::string good = GoodText(which);
  const std::string inner = InnerOf(which);
  const std::string name = "\"" + which.member + "\":";
  const std::string signature = R"("signature":")" + SignatureOf(which) + "\"";
  const auto envelope = [](const std::string& members) {
    return "{" + members + "}";
  };
  for (const std::size_t cut :
       {std::size_t{0}, std::size_t{1}, good.size() / 2, good.size() - 1}) {
    add.Add("CutAt" + std::to_string(cut), "-format", good.substr(0, cut));
  }
  add.Add("InnerAlone", "-format", inner);
  add.Add("WithoutSignature", "-format", envelope(name + inner));
  add.Add("SignatureAlone", "-format", envelope(signature));
  add.Add("InAnArray", "-format", "[" + good + "]");
  add.Add("WithTail", "-format", good + "x");
  add.Add("WithNul", "-format", good + std::string(1, '\0'));
  add.Add("Twice", "-format", good + good);
  add.Add("WithByteOrderMark", "-format", "\xef\xbb\xbf" + good);
  add.Add("WithComment", "-format", "/**/" + good);
  add.Add("OfAnotherName", "-format",
          envelope("\"" + which.member + "s\":" + inner + "," + signature));
  add.Add("InnerNull", "-format", envelope(name + "null," + signature));
  add.Add("InnerText", "-format", envelope(name + "\"{}\"," + signature));
  add.Add("InnerArray", "-format",
          envelope(name + "[" + inner + "]," + signature));
  add.Add("TooLarge", "-format",
          good + std::string(std::size_t{256} * 1024, ' '));
  add.Add("InvalidUtf8", "-format",
          envelope(name + inner + "," + signature.substr(0, 20) + "\xff\"}"));
  add.Add("OfTheOtherKind", "-format",
          GoodText(BothDocuments()[which.member == "tcbInfo" ? 1 : 0]));
  return rows;
}

// Members that the envelope has once and knows.
Mutants EnvelopeMemberMutants(const WhichDocument& which) {
  Mutants rows;
  TextRows add(which, rows);
  const std::string inner = InnerOf(which);
  const std::string name = "\"" + which.member + "\":";
  const std::string signature = R"("signature":")" + SignatureOf(which) + "\"";
  const auto envelope = [](const std::string& members) {
    return "{" + members + "}";
  };
  add.Add("WithSecondBefore", "-format",
          envelope(name + "{}," + name + inner + "," + signature));
  add.Add("WithSecondAfter", "-format",
          envelope(name + inner + "," + name + "{}," + signature));
  add.Add("WithSecondAtTheEnd", "-format",
          envelope(name + inner + "," + signature + "," + name + inner));
  add.Add(
      "WithSecondByEscape", "-format",
      envelope(name + inner + "," + signature + ",\"\\u00" +
               (which.member == "tcbInfo" ? "74cbInfo" : "65nclaveIdentity") +
               "\":{}"));
  add.Add("WithSecondSignature", "-format",
          envelope(name + inner + "," + signature + "," + signature));
  add.Add("WithOneMoreMember", "-format",
          envelope(name + inner + "," + signature + ",\"more\":1"));
  add.Add("WithDeepMember", "-format",
          envelope(name + inner + "," + signature + ",\"more\":" +
                   std::string(100000, '[') + std::string(100000, ']')));
  return rows;
}

Mutants SignatureTextMutants(const WhichDocument& which) {
  Mutants rows;
  TextRows add(which, rows);
  const std::string inner = InnerOf(which);
  const std::string hex = SignatureOf(which);
  const auto with = [&](const std::string& value) {
    return "{\"" + which.member + "\":" + inner + ",\"signature\":" + value +
           "}";
  };
  const auto quoted = [&](const std::string& digits) {
    return with("\"" + digits + "\"");
  };
  for (const WrongScalar& scalar : WrongScalars()) {
    const std::string digits = ToHex(scalar.value);
    add.Add("R" + scalar.name, "-signature", quoted(digits + hex.substr(64)));
    add.Add("S" + scalar.name, "-signature",
            quoted(hex.substr(0, 64) + digits));
  }
  add.Add("SignatureZero", "-signature", quoted(std::string(128, '0')));
  add.Add("SignatureSwapped", "-signature",
          quoted(hex.substr(64) + hex.substr(0, 64)));
  add.Add("SignatureOfTheOther", "-signature",
          quoted(SignatureOf(BothDocuments()[which.member == "tcbInfo"])));
  std::string flipped = hex;
  flipped[127] = flipped[127] == '0' ? '1' : '0';
  add.Add("SignatureFlipped", "-signature", quoted(flipped));
  add.Add("SignatureEmpty", "-format", quoted(""));
  add.Add("SignatureShort", "-format", quoted(hex.substr(0, 126)));
  add.Add("SignatureOneDigitShort", "-format", quoted(hex.substr(0, 127)));
  add.Add("SignatureLong", "-format", quoted(hex + "00"));
  add.Add("SignatureNoHex", "-format", quoted("g" + hex.substr(1)));
  add.Add("SignatureWithSpace", "-format", quoted(" " + hex.substr(1)));
  add.Add("SignatureNumber", "-format", with("1"));
  add.Add("SignatureNull", "-format", with("null"));
  add.Add("SignatureArray", "-format", with("[\"" + hex + "\"]"));
  add.Add("SignatureObject", "-format", with("{}"));
  return rows;
}

// Changes that mean nothing to a JSON parser and break the signature.
Mutants UnsignedChangeMutants(const WhichDocument& which) {
  Mutants rows;
  const auto add = [&](const std::string& name, const std::string& from,
                       const std::string& to) {
    rows.push_back(
        CollateralMutant(which.name + name, which.failure + "-signature",
                         [&](CollateralSpec& spec) {
                           which.signing(spec).after_signing = {{from, to}};
                         }));
  };
  add("SpaceAfterBrace", ":{\"id\"", ":{ \"id\"");
  add("SpaceAfterColon", "\"version\":", "\"version\": ");
  add("NewlineBetween", ",\"issueDate\"", ",\n\"issueDate\"");
  add("EscapeInName", "\"version\"", R"("\u0076ersion")");
  add("EscapeInValue", R"("tcbStatus":"U)", R"("tcbStatus":"\u0055)");
  add("OtherCaseOfDigits", "FF", "ff");
  add("NumberWithZero", "\"tcbEvaluationDataNumber\":20",
      "\"tcbEvaluationDataNumber\":21");
  add("OrderOfMembers",
      which.name == "TcbInfo" ? R"("id":"TDX","version":3)"
                              : R"("id":"TD_QE","version":2)",
      which.name == "TcbInfo" ? R"("version":3,"id":"TDX")"
                              : R"("version":2,"id":"TD_QE")");
  add("StatusChanged", "\"OutOfDate\"", "\"UpToDate\"");
  add("LevelLowered", "\"isvsvn\":", R"("isvsvn":0,"x":)");
  add("LaterNextUpdate", R"("nextUpdate":"2026)", R"("nextUpdate":"2027)");
  return rows;
}

}  // namespace

Mutants EnvelopeMutants() {
  Mutants rows;
  for (const WhichDocument& which : BothDocuments()) {
    Append(rows, FrameMutants(which));
    Append(rows, EnvelopeMemberMutants(which));
    Append(rows, SignatureTextMutants(which));
    Append(rows, UnsignedChangeMutants(which));
  }
  return rows;
}

namespace {

// The first member of this name, as `"name":` and its value.
struct MemberText {
  std::string label;
  std::string value;
};

MemberText FindMember(const std::string& inner, const std::string& name) {
  MemberText found;
  found.label = "\"" + name + "\":";
  const std::size_t begin = inner.find(found.label);
  if (begin == std::string::npos) {
    ADD_FAILURE() << "no " << name;
    return found;
  }
  std::size_t end = begin + found.label.size();
  int depth = 0;
  bool in_text = false;
  for (; end < inner.size(); ++end) {
    const char c = inner[end];
    if (in_text) {
      in_text = c != '"';
    } else if (c == '"') {
      in_text = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (depth == 0 && (c == ',' || c == '}' || c == ']')) {
      break;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  const std::size_t start = begin + found.label.size();
  found.value = inner.substr(start, end - start);
  return found;
}

// Values of other types or out of range, by what the right one is.
std::vector<std::string> WrongValues(const std::string& right) {
  std::vector<std::string> wrong = {"null", "true"};
  const auto more = [&wrong](const std::vector<std::string>& values) {
    wrong.insert(wrong.end(), values.begin(), values.end());
  };
  if (right.front() == '"') {
    const std::string text = right.substr(1, right.size() - 2);
    more({"7", "[]", "{}", "\"\"", "\"" + text + " \"", "\"" + text + "0\"",
          "\"" + text.substr(1) + "\"", "[" + right + "]"});
  } else if (right.front() == '[') {
    more({"0", "{}", "\"\"", "[null]", "[0]", "[" + right + "]"});
  } else if (right.front() == '{') {
    more({"0", "[]", "\"\"", "{}", "[" + right + "]"});
  } else {
    more({"\"" + right + "\"", "-1", right + ".0", right + ".5", "1e2",
          "99999999999", "18446744073709551617", "[]", "{}"});
  }
  return wrong;
}

// One member of a document doubled, retyped or left out, and signed so.
class MemberRows {
 public:
  MemberRows(const WhichDocument& which, Mutants& rows)
      : which_(which), inner_(InnerOf(which)), rows_(rows) {}

  void AddAll(const std::string& name, bool required = true) {
    const MemberText member = FindMember(inner_, name);
    const std::string whole = member.label + member.value;
    Add(name + "Doubled", whole, whole + "," + whole);
    Add(name + "DoubledOtherwise", whole, member.label + "null," + whole);
    if (required) {
      Add(name + "Missing", WithComma(whole), "");
    }
    int number = 0;
    for (const std::string& value : WrongValues(member.value)) {
      Add(name + "Wrong" + std::to_string(++number), whole,
          member.label + value);
    }
  }

 private:
  // The member with the comma that separates it from another one, if any.
  std::string WithComma(const std::string& whole) const {
    for (const std::string& text : {whole + ",", "," + whole}) {
      if (inner_.find(text) != std::string::npos) {
        return text;
      }
    }
    return whole;
  }
  void Add(const std::string& name, const std::string& from,
           const std::string& to) {
    rows_.push_back(
        CollateralMutant(which_.name + "_" + name, which_.failure + "-format",
                         [&](CollateralSpec& spec) {
                           which_.signing(spec).before_signing = {{from, to}};
                         }));
  }

  const WhichDocument& which_;
  std::string inner_;
  Mutants& rows_;
};

}  // namespace

Mutants MemberMutants() {
  Mutants rows;
  MemberRows tcb_info(BothDocuments()[0], rows);
  for (const char* name : {"id",
                           "version",
                           "issueDate",
                           "nextUpdate",
                           "fmspc",
                           "pceId",
                           "tcbType",
                           "tcbEvaluationDataNumber",
                           "tdxModule",
                           "mrsigner",
                           "attributes",
                           "attributesMask",
                           "tcbLevels",
                           "tcb",
                           "isvsvn",
                           "tcbDate",
                           "tcbStatus",
                           "sgxtcbcomponents",
                           "svn",
                           "pcesvn",
                           "tdxtcbcomponents"}) {
    tcb_info.AddAll(name);
  }
  MemberRows qe_identity(BothDocuments()[1], rows);
  for (const char* name :
       {"id", "version", "issueDate", "nextUpdate", "tcbEvaluationDataNumber",
        "miscselect", "miscselectMask", "attributes", "attributesMask",
        "mrsigner", "isvprodid", "tcbLevels", "tcb", "isvsvn", "tcbDate",
        "tcbStatus"}) {
    qe_identity.AddAll(name);
  }
  tcb_info.AddAll("advisoryIDs", false);
  qe_identity.AddAll("advisoryIDs", false);
  return rows;
}

}  // namespace tdxvfs::testing
