// SPDX-License-Identifier: Apache-2.0
#include "common/audit_check.h"

#include <functional>
#include <string>
#include <vector>

#include "common/audit_line.h"
#include "common/audit_mark.h"
#include "common/hex.h"
#include "common/json_text.h"
#include "tests/support/audit_log_text.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::audit {
namespace {

using ::tdxvfs::testing::CheckLog;
using ::tdxvfs::testing::LinesOf;
using ::testing::HasSubstr;

constexpr std::string_view kInstance = "7f3c";
constexpr std::chrono::system_clock::time_point kTime{
    std::chrono::seconds(1'700'000'000)};

// Writes a log as a server does, and as somebody does who has everything but
// the key.
class Forge {
 public:
  explicit Forge(const SigningKey& key) : key_(key) {}

  void Add(std::string_view json) {
    text_ += *LinkLine(json, &position_);
    text_ += '\n';
  }
  void Record(int number) {
    Add(JsonObject()
            .String("audit_id", "7f3c-" + std::to_string(number))
            .String("kind", "release")
            .String("volume", "data")
            .Close());
  }
  void Head() { Add(*HeadJson(key_, kInstance, position_, kTime)); }
  void Begin(std::string_view before = "") {
    text_ = before;
    Add(ToJson(ChainBegin{std::string(kInstance), key_.public_key().bytes(),
                          before.size(), *Sha256(AsBytes(before))},
               kTime));
    Head();
  }
  std::string NextFile() {
    std::string full = std::move(text_);
    text_.clear();
    Add(ToJson(FileBegin{std::string(kInstance), position_}, kTime));
    Head();
    return full;
  }
  std::string& text() { return text_; }

 private:
  const SigningKey& key_;
  Position position_;
  std::string text_;
};

// Twelve lines: chain, head, three records, head, three records, head, two
// records; the last two are not signed for.
class AuditCheckTest : public ::testing::Test {
 protected:
  AuditCheckTest() : key_(*SigningKey::Make()), log_(Log(key_, 1)) {}

  static std::string Log(const SigningKey& key, int first) {
    Forge forge(key);
    forge.Begin();
    for (int i = 0; i < 8; ++i) {
      forge.Record(first + i);
      if (i % 3 == 2) {
        forge.Head();
      }
    }
    return forge.text();
  }
  Verdict Judge(const std::string& text,
                const std::vector<Head>& heads = {}) const {
    return CheckLog({text}, {key_.public_key()}, heads);
  }
  audit::Head HeadOnLine(std::size_t line) const {
    return *ReadHead(ReadLinkedLine(LinesOf(log_)[line - 1])->body);
  }

  const SigningKey key_;
  const std::string log_;
};

TEST_F(AuditCheckTest, AWholeLogHoldsAndSaysHowFarItIsSigned) {
  const Verdict verdict = Judge(log_, {HeadOnLine(6), HeadOnLine(10)});
  EXPECT_FALSE(verdict.finding.has_value())
      << verdict.finding.value_or(Finding{}).text;
  EXPECT_EQ(verdict.instance, "7f3c");
  EXPECT_EQ(verdict.first, 1U);
  EXPECT_EQ(verdict.last, 12U);
  EXPECT_EQ(verdict.lines, 12U);
  EXPECT_EQ(verdict.unsigned_lines, 2U);
  EXPECT_EQ(verdict.head_time, "2023-11-14T22:13:20.000Z");
}

TEST_F(AuditCheckTest, ALinkIsTheDigestThatTheDocumentDescribes) {
  const std::string line = LinesOf(log_)[2];
  const std::string before = LinesOf(log_)[1];
  const std::string link = before.substr(before.size() - 66, 64);
  const std::string body = line.substr(0, line.rfind(",\"link\":"));
  EXPECT_EQ(line.substr(line.size() - 66, 64),
            ToHex(*Sha256(AsBytes(link + body))));
  EXPECT_THAT(body, ::testing::EndsWith(",\"seq\":3"));
}

TEST_F(AuditCheckTest, LinesOfAnOlderVersionAreBoundByTheFirstLink) {
  const std::string old =
      "{\"audit_id\":\"7f3c-1\"}\n{\"audit_id\":\"7f3c-2\"}\n";
  Forge forge(key_);
  forge.Begin(old);
  forge.Record(3);
  const Verdict verdict = Judge(forge.text());
  EXPECT_FALSE(verdict.finding.has_value());
  EXPECT_EQ(verdict.unlinked_bytes, old.size());
  std::string changed = forge.text();
  changed[18] = '9';
  ASSERT_TRUE(Judge(changed).finding.has_value());
  EXPECT_EQ(Judge(changed).finding->line, 3U);
  EXPECT_EQ(Judge(forge.text().substr(old.size() / 2)).finding->line, 2U);
}

TEST_F(AuditCheckTest, FilesAreOneChainAndALaterOneStandsOnlyWhenAsked) {
  Forge forge(key_);
  forge.Begin();
  forge.Record(1);
  forge.Head();
  const std::string first = forge.NextFile();
  forge.Record(2);
  const std::string second = forge.NextFile();
  const std::string third = forge.text();
  const std::vector<PublicKey> keys = {key_.public_key()};
  EXPECT_FALSE(CheckLog({first, second, third}, keys).finding.has_value());
  EXPECT_FALSE(CheckLog({second, third}, keys, {}, false).finding.has_value());

  const Verdict without_first = CheckLog({second, third}, keys);
  EXPECT_THAT(without_first.finding->text, HasSubstr("missing"));
  const Verdict without_second = CheckLog({first, third}, keys);
  EXPECT_EQ(without_second.finding->file, "file 2");
  EXPECT_THAT(without_second.finding->text,
              HasSubstr("lines 5 to 7 of the log are missing"));
  EXPECT_EQ(CheckLog({second, first, third}, keys, {}, false).finding->file,
            "file 2");
}

TEST_F(AuditCheckTest, TheNewestFileHasALine) {
  Forge forge(key_);
  forge.Begin();
  const std::string first = forge.NextFile();
  const std::vector<PublicKey> keys = {key_.public_key()};
  EXPECT_FALSE(CheckLog({first, forge.text()}, keys).finding.has_value());
  const Verdict emptied = CheckLog({first, ""}, keys);
  ASSERT_TRUE(emptied.finding.has_value());
  EXPECT_EQ(emptied.finding->file, "file 2");
  EXPECT_THAT(emptied.finding->text, HasSubstr("the log was cut off"));
}

TEST_F(AuditCheckTest, AHeadThatCameWithTheKeyMayBeAboutArchivedFiles) {
  Forge forge(key_);
  forge.Begin();
  const auto head = ReadHead(ReadLinkedLine(LinesOf(forge.text())[1])->body);
  ASSERT_TRUE(head.has_value());
  (void)forge.NextFile();
  for (const bool may_be_archived : {false, true}) {
    for (const bool whole : {false, true}) {
      Check check({key_.public_key()}, whole);
      check.Expect(*head, may_be_archived);
      check.BeginFile("later");
      for (const std::string& line : LinesOf(forge.text())) {
        check.Line(line);
      }
      EXPECT_EQ(check.Finish().finding.has_value(), whole || !may_be_archived);
    }
  }
}

TEST_F(AuditCheckTest, AHeadKeptElsewhereTellsOfACutAndOfARewrittenLog) {
  const std::vector<std::string> lines = LinesOf(log_);
  std::string cut;
  for (std::size_t i = 0; i < 6; ++i) {
    cut += lines[i] + "\n";
  }
  EXPECT_FALSE(Judge(cut).finding.has_value());
  const Verdict verdict = Judge(cut, {HeadOnLine(10)});
  ASSERT_TRUE(verdict.finding.has_value());
  EXPECT_THAT(verdict.finding->text, HasSubstr("4 more lines"));
  EXPECT_EQ(verdict.finding->line, 6U);

  // Whoever has the key can write another log, but not take a head back.
  const std::string other = Log(key_, 100);
  EXPECT_FALSE(Judge(other).finding.has_value());
  const Verdict rewritten = Judge(other, {HeadOnLine(10)});
  ASSERT_TRUE(rewritten.finding.has_value());
  EXPECT_THAT(rewritten.finding->text, HasSubstr("rewritten"));
}

TEST_F(AuditCheckTest, ALongTailWithoutAHeadIsRefused) {
  Forge forge(key_);
  forge.Begin();
  for (std::uint32_t i = 0; i < kMaxUnsignedLines; ++i) {
    forge.Record(static_cast<int>(i));
  }
  EXPECT_FALSE(Judge(forge.text()).finding.has_value());
  forge.Record(0);
  EXPECT_THAT(Judge(forge.text()).finding->text,
              HasSubstr("without a signed head"));
}

// The head itself is a line, too.
TEST_F(AuditCheckTest, AHeadKeptElsewhereIsMissedItself) {
  const std::vector<std::string> lines = LinesOf(log_);
  std::string cut;
  for (std::size_t i = 0; i < 9; ++i) {
    cut += lines[i] + "\n";
  }
  ASSERT_FALSE(Judge(cut).finding.has_value());
  const Verdict verdict = Judge(cut, {HeadOnLine(10)});
  ASSERT_TRUE(verdict.finding.has_value());
  EXPECT_THAT(verdict.finding->text, HasSubstr("1 more line was"));
  EXPECT_EQ(verdict.finding->line, 9U);

  Position position = ReadLinkedLine(lines[8])->position;
  const std::string forged = *LinkLine(R"({"kind":"release"})", &position);
  const Verdict written_on = Judge(cut + forged + "\n", {HeadOnLine(10)});
  ASSERT_TRUE(written_on.finding.has_value());
  EXPECT_THAT(written_on.finding->text, HasSubstr("should stand here"));
  EXPECT_EQ(written_on.finding->line, 10U);
}

// What somebody does to a log of twelve lines, and the line that is named.
struct Tampering {
  const char* name;
  std::function<void(std::vector<std::string>*)> change;
  std::uint64_t line;
};

void Replace(std::string* line, const std::string& from,
             const std::string& to) {
  const std::size_t at = line->find(from);
  ASSERT_NE(at, std::string::npos) << *line;
  line->replace(at, from.size(), to);
}

// Gives every line from `first` on the number and link that fit, as anybody
// can: only signatures cannot be made anew.
void LinkAnew(std::vector<std::string>* lines, std::size_t first) {
  Position position;
  for (std::size_t i = 0; i < lines->size(); ++i) {
    std::string& line = (*lines)[i];
    if (i >= first) {
      line =
          *LinkLine(line.substr(0, line.rfind(",\"seq\":")) + "}", &position);
    } else {
      position = ReadLinkedLine(line)->position;
    }
  }
}

class AuditTampering : public AuditCheckTest,
                       public ::testing::WithParamInterface<Tampering> {};

TEST_P(AuditTampering, IsFoundOnItsLine) {
  std::vector<std::string> lines = LinesOf(log_);
  ASSERT_EQ(lines.size(), 12U);
  GetParam().change(&lines);
  std::string text;
  for (const std::string& line : lines) {
    text += line + (line.ends_with('}') ? "\n" : "");
  }
  const Verdict verdict = Judge(text);
  ASSERT_TRUE(verdict.finding.has_value());
  EXPECT_EQ(verdict.finding->line, GetParam().line) << verdict.finding->text;
}

using Lines = std::vector<std::string>*;

INSTANTIATE_TEST_SUITE_P(
    All, AuditTampering,
    ::testing::Values(
        Tampering{"ChangedRecord",
                  [](Lines l) { Replace(&(*l)[3], "data", "date"); }, 4},
        Tampering{"ChangedLink",
                  [](Lines l) {
                    char& digit = (*l)[3][(*l)[3].size() - 10];
                    digit = digit == '0' ? '1' : '0';
                  },
                  4},
        Tampering{"LinkInCapitals",
                  [](Lines l) {
                    std::string& line = (*l)[3];
                    const std::size_t at =
                        line.find_first_of("abcdef", line.size() - 66);
                    line[at] = static_cast<char>(line[at] - 'a' + 'A');
                  },
                  4},
        Tampering{"ChangedAndLinkedAnewOnce",
                  [](Lines l) {
                    Position position = ReadLinkedLine((*l)[2])->position;
                    std::string& line = (*l)[3];
                    Replace(&line, "data", "date");
                    line =
                        *LinkLine(line.substr(0, line.rfind(",\"seq\":")) + "}",
                                  &position);
                  },
                  5},
        Tampering{"ChangedAndAllLinkedAnew",
                  [](Lines l) {
                    Replace(&(*l)[3], "data", "date");
                    LinkAnew(l, 3);
                  },
                  6},
        Tampering{
            "HeadsRewrittenToo",
            [](Lines l) {
              Replace(&(*l)[3], "data", "date");
              LinkAnew(l, 3);
              Replace(&(*l)[5],
                      ToHex(ReadHead(ReadLinkedLine((*l)[5])->body)->last.link),
                      ToHex(ReadLinkedLine((*l)[4])->position.link));
              LinkAnew(l, 5);
            },
            6},
        Tampering{"RemovedRecord", [](Lines l) { l->erase(l->begin() + 3); },
                  4},
        Tampering{"RemovedAndLinkedAnew",
                  [](Lines l) {
                    l->erase(l->begin() + 3);
                    LinkAnew(l, 3);
                  },
                  5},
        Tampering{"RemovedSeveral",
                  [](Lines l) { l->erase(l->begin() + 3, l->begin() + 8); }, 4},
        Tampering{"RemovedHead", [](Lines l) { l->erase(l->begin() + 5); }, 6},
        Tampering{"RemovedFirstLine", [](Lines l) { l->erase(l->begin()); }, 1},
        Tampering{"RemovedFirstHead",
                  [](Lines l) {
                    l->erase(l->begin() + 1);
                    LinkAnew(l, 1);
                  },
                  2},
        Tampering{"Swapped", [](Lines l) { std::swap((*l)[3], (*l)[4]); }, 4},
        Tampering{"SwappedAndLinkedAnew",
                  [](Lines l) {
                    std::swap((*l)[3], (*l)[4]);
                    LinkAnew(l, 3);
                  },
                  6},
        Tampering{"Repeated",
                  [](Lines l) { l->insert(l->begin() + 4, (*l)[3]); }, 5},
        Tampering{"PutInWithoutALink",
                  [](Lines l) {
                    l->insert(l->begin() + 4, "{\"audit_id\":\"7f3c-77\"}");
                  },
                  5},
        Tampering{"PutInAndLinkedAnew",
                  [](Lines l) {
                    l->insert(l->begin() + 4, (*l)[3]);
                    LinkAnew(l, 4);
                  },
                  7},
        Tampering{
            "PutInBeforeTheBeginning",
            [](Lines l) { l->insert(l->begin(), "{\"audit_id\":\"7f3c-0\"}"); },
            1},
        Tampering{"FirstLineWithASpace",
                  [](Lines l) { l->front().insert(0, " "); }, 1},
        Tampering{"FirstTwoLinesWithASpace",
                  [](Lines l) {
                    (*l)[0].insert(0, " ");
                    (*l)[1].insert(0, " ");
                  },
                  1},
        Tampering{"CutBehindTheFirstLine", [](Lines l) { l->resize(1); }, 1},
        Tampering{"CutWithinTheLastLine",
                  [](Lines l) { l->back().resize(l->back().size() / 2); }, 12},
        Tampering{"EmptyLine", [](Lines l) { (*l)[3] = "{}"; }, 4},
        Tampering{"Emptied", [](Lines l) { l->clear(); }, 0},
        Tampering{"SpacesBehindALine", [](Lines l) { (*l)[3] += " {}"; }, 4},
        Tampering{"NumberInAnotherSpelling",
                  [](Lines l) { Replace(&(*l)[3], ":4,", ":04,"); }, 4},
        Tampering{"OtherTimeInAHead",
                  [](Lines l) {
                    Replace(&(*l)[5], "2023-11-14", "2023-11-15");
                    LinkAnew(l, 5);
                  },
                  6},
        Tampering{"HeadOfAnotherKey",
                  [](Lines l) {
                    const SigningKey other = *SigningKey::Make();
                    (*l)[5] =
                        *HeadJson(other, kInstance,
                                  ReadLinkedLine((*l)[4])->position, kTime);
                    Position position = ReadLinkedLine((*l)[4])->position;
                    (*l)[5] = *LinkLine((*l)[5], &position);
                  },
                  6},
        Tampering{"LogOfAnotherServer",
                  [](Lines l) {
                    const SigningKey other = *SigningKey::Make();
                    Forge forge(other);
                    forge.Begin();
                    *l = LinesOf(forge.text());
                  },
                  2}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(AuditKey, GoesThroughPemAndSignsWhatItVerifies) {
  ASSERT_OK_AND_ASSIGN(const SigningKey key, SigningKey::Make());
  ASSERT_OK_AND_ASSIGN(const Secret pem, key.ToPem());
  ASSERT_OK_AND_ASSIGN(const SigningKey again, SigningKey::FromPem(pem));
  ASSERT_OK_AND_ASSIGN(const std::string public_pem, key.public_key().ToPem());
  ASSERT_OK_AND_ASSIGN(const PublicKey read, PublicKey::FromPem(public_pem));
  EXPECT_TRUE(read == again.public_key());
  ASSERT_OK_AND_ASSIGN(const std::string signature, again.Sign("text"));
  EXPECT_TRUE(read.Verifies("text", signature));
  EXPECT_FALSE(read.Verifies("text ", signature));
  EXPECT_FALSE(read.Verifies("text", signature.substr(1)));
  EXPECT_THAT(PublicKey::FromPem("-----BEGIN"),
              ::tdxvfs::testing::Fails(Reason::kFileInvalid));
}

TEST(AuditLine, TakesOnlyItsOwnSpelling) {
  Position position;
  const std::string line = *LinkLine("{\"a\":1}", &position);
  EXPECT_EQ(position.sequence, 1U);
  EXPECT_TRUE(ReadLinkedLine(line).has_value());
  for (const std::string& wrong :
       {std::string(), std::string("{}"), line + "\n", line + " ", " " + line,
        line.substr(1), line.substr(0, line.size() - 1)}) {
    EXPECT_FALSE(ReadLinkedLine(wrong).has_value()) << wrong;
  }
}

}  // namespace
}  // namespace tdxvfs::audit
