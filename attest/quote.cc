// SPDX-License-Identifier: Apache-2.0
#include "attest/quote.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace tdxvfs::attest {
namespace {

constexpr std::uint16_t kKeyTypeEcdsaP256 = 2;
constexpr std::uint16_t kQeReportCertification = 6;
constexpr std::size_t kHeaderSize = 48;
constexpr std::size_t kSgxReportSize = 384;
constexpr std::size_t kTdReport10Size = 584;
constexpr std::size_t kTdReport15Size = 648;
// Intel's quoting enclaves; nobody else's format is defined.
constexpr ByteArray<16> kIntelVendorId = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c,
                                          0x4c, 0xa9, 0x94, 0x0a, 0x0d, 0xb3,
                                          0x95, 0x7f, 0x06, 0x07};

Error Malformed(std::string_view field, std::size_t offset,
                std::string_view why) {
  return {Reason::kQuoteInvalid, "quote: " + std::string(field) +
                                     " at offset " + std::to_string(offset) +
                                     ": " + std::string(why)};
}

// Hands out the bytes of a quote in order. Every read is checked against what
// is left before anything is copied or allocated; integers are little-endian.
class Reader {
 public:
  Reader(std::span<const std::uint8_t> bytes, std::size_t base)
      : rest_(bytes), offset_(base) {}

  std::size_t offset() const { return offset_; }
  std::span<const std::uint8_t> rest() const { return rest_; }

  Result<std::span<const std::uint8_t>> Take(std::size_t size,
                                             std::string_view field) {
    if (size > rest_.size()) {
      return Malformed(field, offset_,
                       std::to_string(size) + " bytes declared, " +
                           std::to_string(rest_.size()) + " left");
    }
    const auto taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    offset_ += size;
    return taken;
  }

  template <std::size_t kSize>
  Result<ByteArray<kSize>> Array(std::string_view field) {
    ASSIGN_OR_RETURN(const auto taken, Take(kSize, field));
    ByteArray<kSize> array{};
    std::copy(taken.begin(), taken.end(), array.begin());
    return array;
  }

  Result<std::uint16_t> U16(std::string_view field) {
    ASSIGN_OR_RETURN(const auto taken, Take(2, field));
    return static_cast<std::uint16_t>(taken[0] | taken[1] << 8U);
  }

  Result<std::uint32_t> U32(std::string_view field) {
    ASSIGN_OR_RETURN(const auto taken, Take(4, field));
    return static_cast<std::uint32_t>(taken[0]) |
           static_cast<std::uint32_t>(taken[1]) << 8U |
           static_cast<std::uint32_t>(taken[2]) << 16U |
           static_cast<std::uint32_t>(taken[3]) << 24U;
  }

  // A reader of the next `size` bytes.
  Result<Reader> Section(std::size_t size, std::string_view field) {
    const std::size_t start = offset_;
    ASSIGN_OR_RETURN(const auto taken, Take(size, field));
    return Reader(taken, start);
  }

  // Nested lengths must fit exactly: slack could carry unsigned bytes.
  Result<void> ExpectEnd(std::string_view field) const {
    if (!rest_.empty()) {
      return Malformed(
          field, offset_,
          std::to_string(rest_.size()) + " bytes more than its parts declare");
    }
    return {};
  }

 private:
  std::span<const std::uint8_t> rest_;
  std::size_t offset_;
};

// Copies the next bytes of a body whose size was checked before.
template <std::size_t kSize>
void Fill(std::span<const std::uint8_t> body, std::size_t offset,
          ByteArray<kSize>& field) {
  const auto from = body.subspan(offset, kSize);
  std::copy(from.begin(), from.end(), field.begin());
}

TdReport ParseTdReport(std::span<const std::uint8_t> body) {
  TdReport report;
  Fill(body, 0, report.tee_tcb_svn);
  Fill(body, 16, report.mr_seam);
  Fill(body, 64, report.mr_signer_seam);
  Fill(body, 112, report.seam_attributes);
  Fill(body, 120, report.td_attributes);
  Fill(body, 128, report.xfam);
  Fill(body, 136, report.mr_td);
  Fill(body, 184, report.mr_config_id);
  Fill(body, 232, report.mr_owner);
  Fill(body, 280, report.mr_owner_config);
  for (std::size_t i = 0; i < report.rtmr.size(); ++i) {
    Fill(body, 328 + 48 * i, report.rtmr.at(i));
  }
  Fill(body, 520, report.report_data);
  if (body.size() == kTdReport15Size) {
    Fill(body, 584, report.tee_tcb_svn2.emplace());
    Fill(body, 600, report.mr_service_td.emplace());
  }
  return report;
}

Result<Tee> ReadTee(Reader& reader, std::uint16_t version) {
  const std::size_t offset = reader.offset();
  ASSIGN_OR_RETURN(const std::uint32_t number, reader.U32("TEE type"));
  if (number == static_cast<std::uint32_t>(Tee::kSgx)) {
    return Tee::kSgx;
  }
  if (number != static_cast<std::uint32_t>(Tee::kTdx)) {
    return Malformed("TEE type", offset,
                     std::to_string(number) + " is neither SGX nor TDX");
  }
  if (version == 3) {
    return Malformed("TEE type", offset, "version 3 quotes are SGX only");
  }
  return Tee::kTdx;
}

// Whether two bytes are characters: quotes are often handed on as base64 or
// hex.
bool IsText(std::uint16_t bytes) {
  const auto is_character = [](unsigned byte) {
    return byte > 0x20 && byte < 0x7f;
  };
  return is_character(bytes & 0xffU) && is_character(bytes >> 8U);
}

Result<void> ReadHeader(Reader& reader, Quote& quote) {
  ASSIGN_OR_RETURN(quote.version, reader.U16("version"));
  if (quote.version < 3 || quote.version > 5) {
    return Malformed(
        "version", 0,
        std::to_string(quote.version) + " is not 3, 4 or 5" +
            (IsText(quote.version) ? ", but text: decode base64 or hex first"
                                   : ""));
  }
  ASSIGN_OR_RETURN(const std::uint16_t key_type,
                   reader.U16("attestation key type"));
  if (key_type != kKeyTypeEcdsaP256) {
    return Malformed("attestation key type", 2,
                     std::to_string(key_type) + " is not 2, ECDSA P-256");
  }
  ASSIGN_OR_RETURN(quote.tee, ReadTee(reader, quote.version));
  ASSIGN_OR_RETURN(const std::uint16_t qe_svn, reader.U16("QE SVN"));
  ASSIGN_OR_RETURN(const std::uint16_t pce_svn, reader.U16("PCE SVN"));
  if (quote.version == 3) {
    quote.qe_svn = qe_svn;
    quote.pce_svn = pce_svn;
  }
  ASSIGN_OR_RETURN(quote.qe_vendor_id, reader.Array<16>("QE vendor id"));
  if (quote.qe_vendor_id != kIntelVendorId) {
    return Malformed("QE vendor id", 12, "not Intel's");
  }
  ASSIGN_OR_RETURN(quote.user_data, reader.Array<20>("user data"));
  return {};
}

// The size that version 5's body descriptor must declare for its type.
Result<std::size_t> SizeOfBodyType(std::uint16_t type, Tee tee,
                                   std::size_t offset) {
  if (type == 4) {
    return Malformed("body type", offset,
                     "unsupported body type 4 (TD report 1.5ex)");
  }
  if (type < 1 || type > 3) {
    return Malformed("body type", offset,
                     "unsupported body type " + std::to_string(type));
  }
  if ((type == 1) != (tee == Tee::kSgx)) {
    return Malformed("body type", offset,
                     std::to_string(type) + " does not fit the TEE type");
  }
  if (type == 1) {
    return kSgxReportSize;
  }
  return type == 2 ? kTdReport10Size : kTdReport15Size;
}

Result<std::size_t> ReadBodySize(Reader& reader, const Quote& quote) {
  if (quote.version < 5) {
    return quote.tee == Tee::kSgx ? kSgxReportSize : kTdReport10Size;
  }
  const std::size_t offset = reader.offset();
  ASSIGN_OR_RETURN(const std::uint16_t type, reader.U16("body type"));
  ASSIGN_OR_RETURN(const std::size_t size,
                   SizeOfBodyType(type, quote.tee, offset));
  ASSIGN_OR_RETURN(const std::uint32_t declared, reader.U32("body size"));
  if (declared != size) {
    return Malformed("body size", offset + 2,
                     std::to_string(declared) + " is not " +
                         std::to_string(size) + ", the size of body type " +
                         std::to_string(type));
  }
  return size;
}

Result<void> ReadBody(Reader& reader, Quote& quote) {
  ASSIGN_OR_RETURN(const std::size_t size, ReadBodySize(reader, quote));
  ASSIGN_OR_RETURN(const auto body, reader.Take(size, "report body"));
  if (quote.tee == Tee::kSgx) {
    quote.body = ParseSgxReport(body.first<kSgxReportSize>());
  } else {
    quote.body = ParseTdReport(body);
  }
  quote.signed_size = reader.offset();
  return {};
}

// QE report, its signature, authentication data and certification data: the
// same in every version.
Result<void> ReadQeCertification(Reader& reader, Quote& quote) {
  ASSIGN_OR_RETURN(quote.qe_report_bytes,
                   reader.Array<kSgxReportSize>("QE report"));
  quote.qe_report = ParseSgxReport(quote.qe_report_bytes);
  ASSIGN_OR_RETURN(quote.qe_report_signature,
                   reader.Array<64>("QE report signature"));
  ASSIGN_OR_RETURN(const std::uint16_t authentication_size,
                   reader.U16("QE authentication data size"));
  ASSIGN_OR_RETURN(const auto authentication,
                   reader.Take(authentication_size, "QE authentication data"));
  quote.qe_authentication_data.assign(authentication.begin(),
                                      authentication.end());
  const std::size_t offset = reader.offset();
  ASSIGN_OR_RETURN(quote.certification_type,
                   reader.U16("certification data type"));
  if (quote.certification_type < 1 || quote.certification_type > 5) {
    return Malformed(
        "certification data type", offset,
        std::to_string(quote.certification_type) + " is not 1 to 5");
  }
  ASSIGN_OR_RETURN(const std::uint32_t size,
                   reader.U32("certification data size"));
  ASSIGN_OR_RETURN(const auto data, reader.Take(size, "certification data"));
  quote.certification_data.assign(data.begin(), data.end());
  return reader.ExpectEnd("certification data");
}

Result<void> ReadSignature(Reader& reader, Quote& quote) {
  ASSIGN_OR_RETURN(quote.signature, reader.Array<64>("signature"));
  ASSIGN_OR_RETURN(quote.attestation_key, reader.Array<64>("attestation key"));
  if (quote.version == 3) {
    return ReadQeCertification(reader, quote);
  }
  const std::size_t offset = reader.offset();
  ASSIGN_OR_RETURN(const std::uint16_t type,
                   reader.U16("outer certification data type"));
  if (type != kQeReportCertification) {
    return Malformed("outer certification data type", offset,
                     std::to_string(type) + " is not 6");
  }
  ASSIGN_OR_RETURN(const std::uint32_t size,
                   reader.U32("outer certification data size"));
  ASSIGN_OR_RETURN(Reader certification,
                   reader.Section(size, "outer certification data"));
  RETURN_IF_ERROR(reader.ExpectEnd("signature section"));
  return ReadQeCertification(certification, quote);
}

// Guest kernels hand out whole buffers, so zero padding is normal; anything
// else would let two different blobs have one verdict.
Result<void> CheckPadding(const Reader& reader) {
  const auto padding = reader.rest();
  const auto stray = std::find_if(padding.begin(), padding.end(),
                                  [](std::uint8_t byte) { return byte != 0; });
  if (stray != padding.end()) {
    return Malformed(
        "trailing data",
        reader.offset() + static_cast<std::size_t>(stray - padding.begin()),
        "not zero");
  }
  return {};
}

}  // namespace

SgxReport ParseSgxReport(std::span<const std::uint8_t, 384> bytes) {
  SgxReport report;
  Fill(bytes, 0, report.cpu_svn);
  Fill(bytes, 16, report.misc_select);
  Fill(bytes, 48, report.attributes);
  Fill(bytes, 64, report.mr_enclave);
  Fill(bytes, 128, report.mr_signer);
  report.isv_prod_id =
      static_cast<std::uint16_t>(bytes[256] | bytes[257] << 8U);
  report.isv_svn = static_cast<std::uint16_t>(bytes[258] | bytes[259] << 8U);
  Fill(bytes, 320, report.report_data);
  return report;
}

Result<Quote> ParseQuote(std::span<const std::uint8_t> bytes) {
  if (bytes.size() > kMaxQuoteSize) {
    return Error(Reason::kQuoteInvalid,
                 "quote: " + std::to_string(bytes.size()) + " bytes, at most " +
                     std::to_string(kMaxQuoteSize) + " are read");
  }
  if (bytes.size() < kHeaderSize) {
    return Error(
        Reason::kQuoteInvalid,
        "quote: " + std::to_string(bytes.size()) + " bytes are no quote");
  }
  Quote quote;
  Reader reader(bytes, 0);
  RETURN_IF_ERROR(ReadHeader(reader, quote));
  RETURN_IF_ERROR(ReadBody(reader, quote));
  ASSIGN_OR_RETURN(const std::uint32_t size,
                   reader.U32("signature section size"));
  ASSIGN_OR_RETURN(Reader section, reader.Section(size, "signature section"));
  RETURN_IF_ERROR(ReadSignature(section, quote));
  RETURN_IF_ERROR(CheckPadding(reader));
  const auto declared = bytes.first(reader.offset());
  quote.bytes.assign(declared.begin(), declared.end());
  return quote;
}

}  // namespace tdxvfs::attest
