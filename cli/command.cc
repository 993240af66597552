// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"

#include <CLI/CLI.hpp>

namespace tdxvfs::cli {

Command::Option Command::Option::Required() const {
  return Option(option_->required());
}

Command::Option Command::Option::Needs(const std::string& other) const {
  return Option(option_->needs(other));
}

Command::Option Command::Option::Excludes(const std::string& other) const {
  return Option(option_->excludes(other));
}

Command::Option Command::Option::Between(std::uint32_t least,
                                         std::uint32_t most) const {
  return Option(option_->check(CLI::Range(least, most)));
}

Command::Option Command::Option::OneOf(
    const std::vector<std::string>& words) const {
  return Option(option_->check(CLI::IsMember(words)));
}

Command::Option Command::Option::OneEach() const {
  return Option(option_->allow_extra_args(false));
}

Command::Option Command::Option::Repeatable() const {
  return Option(option_->expected(1)->multi_option_policy(
      CLI::MultiOptionPolicy::TakeAll));
}

Command::Option Command::AddOption(const std::string& name, std::string& value,
                                   const std::string& description) const {
  return Option(app_->add_option(name, value, description));
}

Command::Option Command::AddOption(const std::string& name,
                                   std::uint32_t& value,
                                   const std::string& description) const {
  return Option(app_->add_option(name, value, description));
}

Command::Option Command::AddOption(const std::string& name,
                                   std::optional<std::uint32_t>& value,
                                   const std::string& description) const {
  return Option(app_->add_option(name, value, description));
}

Command::Option Command::AddOption(const std::string& name,
                                   std::vector<std::string>& values,
                                   const std::string& description) const {
  return Option(app_->add_option(name, values, description));
}

Command::Option Command::AddFlag(const std::string& name, bool& value,
                                 const std::string& description) const {
  return Option(app_->add_flag(name, value, description));
}

Command Command::AddCommand(const std::string& name,
                            const std::string& description) const {
  return Command(*app_->add_subcommand(name, description));
}

Command Command::Find(const std::string& name) const {
  return Command(*app_->get_subcommand(name));
}

void Command::RequireCommand() const { app_->require_subcommand(1); }

void Command::WhenNamed(const std::function<void()>& action) const {
  app_->callback(action);
}

}  // namespace tdxvfs::cli
