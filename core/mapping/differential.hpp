// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/mapping/page_mapper.hpp"

// The oracle's laws, for the differential test and the fuzz target (docs/reference/mapping.md, "What a page must be"):
//
// 1. All kernels of the trie engine give the same rows, counts and samples, or refuse the page alike.
// 2. Where RapidJSON takes a page, the trie takes it too, with the same rows, counts and samples.
// 3. Where the trie refuses a page, RapidJSON refuses it too. (The same law, read backwards.)
// 4. Where the trie takes a page that RapidJSON refuses, the fault lies in what the trie skipped: with that cut out of the page,
//    RapidJSON takes it, with the same rows and counts.
//
// Numbers beyond a double's range are out of the oracle's knowledge: RapidJSON refuses every page that holds one.

namespace dovetail::mapping {

/// A page as the trie walks it, without what it skips: of a skipped value only its kind remains (an empty text, an empty container, else
/// null), and what follows the last member or element that is asked for goes away. Empty when the trie refuses the page.
[[nodiscard]] std::string reduced_page(const CompiledMapping& mapping, PaddedBytes body,
                                       std::string_view records_pointer);

/// How often each outcome was seen, so that a test can show that it tests something.
struct Outcomes {
  std::size_t equal_rows = 0;
  std::size_t both_refuse = 0;
  std::size_t skipped_faults = 0; ///< law 4
  std::size_t beyond_oracle = 0;  ///< numbers
};

/// Checks the laws for one page; the text says which one is broken and how, and is empty when all hold.
[[nodiscard]] std::string check_laws(const CompiledMapping& mapping, std::string_view page,
                                     std::string_view records_pointer, Outcomes& outcomes);

/// The mappings that the tests and the fuzzer choose from; each is one that compiles for thing_model().
[[nodiscard]] const std::vector<CompiledMapping>& differential_mappings();
/// Where the records are looked for.
[[nodiscard]] std::string_view differential_pointer(std::size_t choice) noexcept;

/// One input of the fuzzer: its first byte chooses the mapping, its second the pointer, the rest is the page. Aborts with a message when a law is broken.
void fuzz_one(const std::uint8_t* data, std::size_t size);

/// Documents by a seed: near what the mappings ask for, in all the ways in which JSON can be written, and often broken in one place.
class PageMaker {
public:
  explicit PageMaker(std::uint64_t seed) : state_(seed) {}
  [[nodiscard]] std::string page();
  /// Where the records of the last page stand, mostly.
  [[nodiscard]] std::string_view pointer() const noexcept { return pointer_; }

private:
  std::uint64_t next();
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  bool chance(std::uint64_t percent) { return below(100) < percent; }
  void space();
  void name();
  void string();
  void text(bool document, int depth);
  void number();
  void value(int depth);
  void object(int depth, bool record);
  void array(int depth);
  void columns(int depth);
  void mutate();

  std::uint64_t state_;
  std::string out_;
  std::string_view pointer_;
  bool spacious_ = false;
};

} // namespace dovetail::mapping
