// SPDX-License-Identifier: Apache-2.0
#ifndef TDXVFS_CLI_COMMAND_H_
#define TDXVFS_CLI_COMMAND_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

// CLI11 compiles all of itself wherever it is read, so that no header reads it.
namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace tdxvfs::cli {

// The program, a group of commands or a command, as CLI11 knows it. A view:
// CLI11's App owns what is added, and the variables that options fill must live
// until the line is parsed. A name that does not exist where one is asked for
// is a mistake in the program and ends it.
class Command {
 public:
  // What has been added, for saying more about it; a view, too.
  class Option {
   public:
    explicit Option(CLI::Option* option) : option_(option) {}

    Option Required() const;
    // Only together with, or not together with, an option that was added
    // before: "--image", or "FILE" where it goes by its place.
    Option Needs(const std::string& other) const;
    Option Excludes(const std::string& other) const;
    Option Between(std::uint32_t least, std::uint32_t most) const;
    Option OneOf(const std::vector<std::string>& words) const;
    // A list takes all the words that follow; these take one each time the
    // option is given. Help marks the first kind with `...`.
    Option OneEach() const;
    Option Repeatable() const;

   private:
    CLI::Option* option_;
  };

  explicit Command(CLI::App& app) : app_(&app) {}

  // `name` is "--option", or "WORD" for what goes by its place. The type of
  // `value` decides which text is taken; what is there stays without the
  // option.
  Option AddOption(const std::string& name, std::string& value,
                   const std::string& description) const;
  Option AddOption(const std::string& name, std::uint32_t& value,
                   const std::string& description) const;
  Option AddOption(const std::string& name, std::optional<std::uint32_t>& value,
                   const std::string& description) const;
  Option AddOption(const std::string& name, std::vector<std::string>& values,
                   const std::string& description) const;
  Option AddFlag(const std::string& name, bool& value,
                 const std::string& description) const;

  // A command below this one, and one that was added before.
  Command AddCommand(const std::string& name,
                     const std::string& description) const;
  Command Find(const std::string& name) const;
  // The line must go on with a command below this one.
  void RequireCommand() const;
  // Called when a line that names this command has been parsed.
  void WhenNamed(const std::function<void()>& action) const;

 private:
  CLI::App* app_;
};

}  // namespace tdxvfs::cli

#endif  // TDXVFS_CLI_COMMAND_H_
