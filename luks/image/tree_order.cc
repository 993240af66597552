// SPDX-License-Identifier: Apache-2.0
#include "luks/image/tree_order.h"

#include <sys/stat.h>

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

namespace tdxvfs::image {
namespace {

constexpr auto kUnmet = std::numeric_limits<std::uint32_t>::max();

// Numbers the nodes; sorts entries and sets first names on the way.
std::vector<std::uint32_t> NumberNodes(SourceTree* tree) {
  std::vector<std::uint32_t> numbers(tree->nodes.size(), kUnmet);
  std::uint32_t next = 0;
  numbers[0] = next++;
  struct Open {
    std::uint32_t folder = 0;
    std::uint32_t position = 0;
  };
  std::vector<Open> open;
  const auto enter = [&](std::uint32_t folder) {
    auto& entries = tree->nodes[folder].entries;
    std::sort(entries.begin(), entries.end(),
              [](const SourceEntry& left, const SourceEntry& right) {
                return left.name < right.name;
              });
    open.push_back({folder, 0});
  };
  enter(0);
  while (!open.empty()) {
    Open& at = open.back();
    const auto& entries = tree->nodes[at.folder].entries;
    if (at.position == entries.size()) {
      open.pop_back();
      continue;
    }
    const std::uint32_t node = entries[at.position].node;
    const std::uint32_t position = at.position++;
    if (numbers[node] != kUnmet) {
      continue;  // one more name of a file
    }
    numbers[node] = next++;
    tree->nodes[node].parent = numbers[at.folder];
    tree->nodes[node].position = position;
    if (S_ISDIR(tree->nodes[node].mode)) {
      enter(node);
    }
  }
  return numbers;
}

// Moves every node to its number, in place: a million of them are large.
void Permute(std::vector<std::uint32_t> numbers,
             std::vector<SourceNode>* nodes) {
  for (std::uint32_t at = 0; at < numbers.size(); ++at) {
    while (numbers[at] != at) {
      const std::uint32_t to = numbers[at];
      std::swap((*nodes)[at], (*nodes)[to]);
      std::swap(numbers[at], numbers[to]);
    }
  }
}

template <typename Value>
void Rekey(const std::vector<std::uint32_t>& numbers,
           std::map<std::uint32_t, Value>* by_node) {
  std::map<std::uint32_t, Value> moved;
  while (!by_node->empty()) {
    auto handle = by_node->extract(by_node->begin());
    handle.key() = numbers[handle.key()];
    moved.insert(std::move(handle));
  }
  *by_node = std::move(moved);
}

}  // namespace

std::vector<std::uint32_t> OrderTree(SourceTree* tree) {
  std::vector<std::uint32_t> numbers = NumberNodes(tree);
  for (SourceNode& node : tree->nodes) {
    for (SourceEntry& entry : node.entries) {
      entry.node = numbers[entry.node];
    }
  }
  Permute(numbers, &tree->nodes);
  Rekey(numbers, &tree->link_targets);
  Rekey(numbers, &tree->attributes);
  return numbers;
}

}  // namespace tdxvfs::image
