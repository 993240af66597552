// SPDX-License-Identifier: Apache-2.0
// What agents of earlier versions put on the wire, byte for byte, against the
// server of today: they must go on working, and see the same bytes.
#include <simdjson.h>

#include <map>
#include <string>
#include <vector>

#include <grpcpp/generic/generic_stub.h>

#include "attest/report_data.h"
#include "common/hex.h"
#include "common/hkdf.h"
#include "common/hpke.h"
#include "common/x25519.h"
#include "tests/support/release_rig.h"
#include "tests/support/result_matchers.h"

namespace tdxvfs::keyserver {
namespace {

using simdjson::dom::element;
using testing::ReleaseRig;

using Values = std::map<std::string, std::string, std::less<>>;

std::string FromDigits(std::string_view digits) {
  return std::string(AsText(FromHex(digits).value()));
}

// The pieces as bytes; a name in braces stands for its value.
std::string Filled(const element& pieces, const Values& values) {
  std::string bytes;
  const auto list = pieces.get_array().value();
  for (const element piece : list) {
    const std::string_view text = piece.get_string().value();
    const auto value = values.find(text);
    bytes += value == values.end() ? FromDigits(text) : value->second;
  }
  return bytes;
}

std::string Varint(std::size_t number) {
  std::string bytes;
  for (; number > 0x7f; number >>= 7U) {
    bytes.push_back(static_cast<char>((number & 0x7fU) | 0x80U));
  }
  bytes.push_back(static_cast<char>(number));
  return bytes;
}

// Takes a length-delimited member with this key byte off the front.
std::string TakeMember(std::string* bytes, char key) {
  EXPECT_FALSE(bytes->empty());
  EXPECT_EQ(bytes->front(), key);
  std::size_t at = 1;
  std::size_t size = 0;
  for (unsigned shift = 0; at < bytes->size(); shift += 7) {
    const auto byte = static_cast<std::uint8_t>((*bytes)[at++]);
    size |= static_cast<std::size_t>(byte & 0x7fU) << shift;
    if (byte < 0x80) {
      break;
    }
  }
  EXPECT_LE(at + size, bytes->size());
  std::string value = bytes->substr(at, size);
  bytes->erase(0, at + size);
  return value;
}

// A stream of bytes to the exchange, without the generated messages.
class WireStream {
 public:
  explicit WireStream(const ReleaseRig& rig) : stub_(rig.GuestChannel()) {
    call_ =
        stub_.PrepareCall(&context_, "/tdxvfs.v1.KeyRelease/Unlock", &queue_);
    call_->StartCall(nullptr);
    EXPECT_TRUE(Wait());
  }

  void Send(const std::string& bytes) {
    const grpc::Slice slice(bytes);
    call_->Write(grpc::ByteBuffer(&slice, 1), nullptr);
    EXPECT_TRUE(Wait());
  }
  std::string Receive() {
    grpc::ByteBuffer buffer;
    call_->Read(&buffer, nullptr);
    EXPECT_TRUE(Wait()) << "the server ended the stream";
    std::vector<grpc::Slice> slices;
    EXPECT_TRUE(buffer.Dump(&slices).ok());
    std::string bytes;
    for (const grpc::Slice& slice : slices) {
      bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    }
    return bytes;
  }
  grpc::Status Finish() {
    grpc::Status status;
    call_->Finish(&status, nullptr);
    EXPECT_TRUE(Wait());
    return status;
  }

 private:
  bool Wait() {
    void* tag = nullptr;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
};

class RecordedConversation : public ::testing::Test {
 protected:
  RecordedConversation() {
    recorded_ = parser_
                    .load(TDXVFS_SOURCE_DIR
                          "/tests/golden/protocol/conversation_v1.json")
                    .value();
  }

  attest::ReportDataBytes ReportDataFor(const std::string& nonce) const {
    const std::string header = ReleaseRig::Digest(7);
    const std::string config_digest = ReleaseRig::Digest(9);
    return attest::ReportData({.purpose = "OPEN",
                               .nonce = AsBytes(nonce),
                               .public_key = key_.public_key,
                               .volume = "data",
                               .header_sha256 = AsBytes(header),
                               .certificate_sha256 = rig_.certificate_sha256(),
                               .config_digest = AsBytes(config_digest)})
        .value();
  }

  std::string Evidence(const attest::ReportDataBytes& report_data) {
    attest::TdReport report = ReleaseRig::GuestReport();
    report.report_data = report_data;
    const auto quote = rig_.signer().Sign(4, report).value();
    Values values{{"{quote_with_size}",
                   Varint(quote.size()) + std::string(AsText(quote))},
                  {"{public_key}", std::string(AsText(key_.public_key))},
                  {"{certificate_sha256}",
                   std::string(AsText(rig_.certificate_sha256()))},
                  {"{size_of_the_rest}", ""}};
    const std::string whole = Filled(recorded_["evidence"].value(), values);
    values["{size_of_the_rest}"] = Varint(whole.size() - 1);
    return Filled(recorded_["evidence"].value(), values);
  }

  simdjson::dom::parser parser_;
  element recorded_;
  ReleaseRig rig_;
  const X25519KeyPair key_ = X25519KeyPair::Generate().value();
};

TEST_F(RecordedConversation, OfVersion1IsAnsweredAsItWas) {
  WireStream stream(rig_);
  stream.Send(Filled(recorded_["begin"].value(), {}));

  const std::string challenge = stream.Receive();
  const std::string nonce = challenge.substr(4, 32);
  EXPECT_EQ(ToHex(AsBytes(challenge)),
            ToHex(AsBytes(
                Filled(recorded_["challenge"].value(), {{"{nonce}", nonce}}))));

  const attest::ReportDataBytes report_data = ReportDataFor(nonce);
  stream.Send(Evidence(report_data));

  std::string answer = stream.Receive();
  std::string release = TakeMember(&answer, '\x12');
  EXPECT_TRUE(answer.empty());
  const std::string encapsulated = TakeMember(&release, '\x0a');
  const std::string ciphertext = TakeMember(&release, '\x12');
  EXPECT_TRUE(release.empty());
  X25519PublicKey encapsulated_key{};
  ASSERT_EQ(encapsulated.size(), encapsulated_key.size());
  std::ranges::copy(AsBytes(encapsulated), encapsulated_key.begin());
  ASSERT_OK_AND_ASSIGN(HpkeContext hpke, HpkeContext::SetupRecipient(
                                             encapsulated_key, key_,
                                             attest::GrantInfo(report_data)));
  ASSERT_OK_AND_ASSIGN(const Secret grant, hpke.Open({}, AsBytes(ciphertext)));
  EXPECT_THAT(std::string(AsText(grant.Reveal())),
              ::testing::HasSubstr(std::string(testing::kRigPassphrase)));

  ASSERT_OK_AND_ASSIGN(const Secret outcome_key,
                       hpke.Export(attest::kOutcomeLabel, 32));
  const std::string body =
      FromDigits(recorded_["outcome_body"].get_string().value());
  ASSERT_OK_AND_ASSIGN(const auto mac, HmacSha256(outcome_key, AsBytes(body)));
  stream.Send(Filled(recorded_["outcome"].value(),
                     {{"{mac}", std::string(AsText(mac))}}));
  const grpc::Status status = stream.Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
}

// Members that only later agents send are no reason to refuse one.
TEST_F(RecordedConversation, WithMembersOfLaterVersionsGoesOn) {
  WireStream stream(rig_);
  std::string begin = Filled(recorded_["begin"].value(), {});
  begin[1] = static_cast<char>(begin[1] + 4);
  begin += FromDigits("c2060161");  // member 104, one byte
  stream.Send(begin);
  EXPECT_EQ(stream.Receive().substr(0, 4), FromDigits("0a240a20"));
}

}  // namespace
}  // namespace tdxvfs::keyserver
