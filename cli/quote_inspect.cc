// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "cli/quote_fields.h"
#include "cli/quote_file.h"
#include "cli/text_table.h"
#include "common/json_text.h"

namespace tdxvfs::cli {
namespace {

struct Options {
  std::string file;
};

std::string ToJson(const std::vector<QuoteField>& fields) {
  JsonObject object;
  for (const QuoteField& field : fields) {
    switch (field.kind) {
      case QuoteField::Kind::kText:
        object.String(field.name, field.values.front());
        break;
      case QuoteField::Kind::kNumber:
        object.Raw(field.name, field.values.front());
        break;
      case QuoteField::Kind::kNone:
        object.Null(field.name);
        break;
      case QuoteField::Kind::kList: {
        JsonArray list;
        for (const std::string& value : field.values) {
          list.String(value);
        }
        object.Raw(field.name, list.Close());
        break;
      }
    }
  }
  return object.Close();
}

std::string ToTable(const std::vector<QuoteField>& fields) {
  TextTable table;
  for (const QuoteField& field : fields) {
    if (field.values.empty()) {
      table.Row({field.name, "-"});
    }
    for (std::size_t index = 0; index < field.values.size(); ++index) {
      const bool is_list = field.kind == QuoteField::Kind::kList;
      table.Row({is_list ? field.name + std::to_string(index) : field.name,
                 field.values[index]});
    }
  }
  return table.Text();
}

Result<void> QuoteInspect(const Options& options, const Console& console) {
  ASSIGN_OR_RETURN(const attest::Quote quote, LoadQuote(options.file));
  std::vector<QuoteField> fields = FieldsOf(quote);
  for (QuoteField& field : PlatformFieldsOf(quote)) {
    fields.push_back(std::move(field));
  }
  if (console.json()) {
    console.out << ToJson(fields) << "\n";
  } else {
    console.out << ToTable(fields);
  }
  return {};
}

}  // namespace

void AddQuoteInspect(CommandSet& commands) {
  const auto options = std::make_shared<Options>();
  const Command command = commands.Add(
      "quote", "inspect", "show every field of a quote; nothing is verified",
      [options](const Console& console) {
        return QuoteInspect(*options, console);
      });
  command.AddOption("FILE", options->file, "quote, as the kernel gave it")
      .Required();
}

}  // namespace tdxvfs::cli
