// SPDX-License-Identifier: Apache-2.0
#include "tests/simulators/words.hpp"

namespace dovetail::simulators::words {
namespace {

constexpr const char* first_names[] = {"Mira",  "Tomás",  "Lee",    "Zoë",     "Søren", "Ana",   "Jürgen", "Nguyễn",
                                       "Ida",   "Oluwa",  "Priya",  "Mateusz", "Aiko",  "Chloé", "Dmitri", "Fatima",
                                       "Björn", "Carmen", "Yusuf",  "Hana",    "Luca",  "Noor",  "Pavel",  "Esi",
                                       "Wei",   "Íñigo",  "Tamara", "Kofi",    "Marit", "Rosa",  "Viktor", "Amélie"};
constexpr const char* last_names[] = {"Lindqvist", "Okafor",   "Müller", "Tanaka", "O'Neill", "García",  "Kowalski",
                                      "Singh",     "Ångström", "Silva",  "Haddad", "Nkemelu", "Petrov",  "Dubois",
                                      "Sato",      "Jansen",   "Çelik",  "Rossi",  "Novák",   "Mensah",  "Berg",
                                      "Castillo",  "Weiß",     "Ahmadi", "Kaplan", "Moreau",  "Eriksen", "Fernando",
                                      "Ivanova",   "Quist",    "Abara",  "Lund"};
constexpr const char* adjectives[] = {"amber", "brisk", "calm",  "dense", "eager",  "fuzzy", "gentle", "hollow",
                                      "ionic", "jolly", "keen",  "lucid", "mellow", "noble", "odd",    "plain",
                                      "quick", "round", "swift", "tidy",  "umber",  "vivid", "warm",   "young"};
constexpr const char* things[] = {"ledger", "harbor",  "parser",  "kettle", "router",  "canvas", "beacon",  "orchard",
                                  "engine", "lantern", "archive", "bridge", "console", "dial",   "foundry", "gateway",
                                  "hub",    "index",   "journal", "loom",   "mirror",  "relay",  "sensor",  "widget"};
constexpr const char* places[] = {"Göteborg",  "Lagos",           "Kraków",   "Nagoya",
                                  "São Paulo", "Berlin, Germany", "Montréal", "Đà Nẵng"};
constexpr const char* languages[] = {"C++", "Rust", "Go", "TypeScript", "Python", "Java", "C#", "Shell"};
constexpr const char* verbs[] = {"Fix",   "Add",    "Remove", "Rework", "Document", "Speed up", "Retry",   "Bump",
                                 "Split", "Rename", "Revert", "Guard",  "Cache",    "Simplify", "Upgrade", "Test"};
constexpr const char* tails[] = {"on 503",
                                 "for \"quoted\" names",
                                 "when the path has a \\ in it",
                                 "(follow-up of #12)",
                                 "in <details> & summaries",
                                 "für Größen über 2³²",
                                 "で日本語の名前を扱う",
                                 "🚀",
                                 "👩‍💻 after review",
                                 "without a lock",
                                 "in O(n log n)",
                                 "at 100% load",
                                 "из очереди",
                                 "عند الإغلاق",
                                 "before release",
                                 "to stay under the limit"};
constexpr const char* sentences[] = {
    "The old path allocated one string per field; this one keeps views into the page.",
    "Fixes #%d and part of #%d.",
    "Measured on a laptop: 12.5 ms \u2192 3.1 ms (\u2248 4\u00d7).",
    "See `docs/guide.md`, the section \u201cLimits\u201d.",
    "Tab-separated:\tone\ttwo\tthree.",
    "Windows paths like C:\\temp\\new are left alone.",
    "Regression test included; it failed before, as it should.",
    "cc @mira, who asked for \"something simpler\" \U0001F642",
    "La migration se fait en une seule transaction ; rien à faire côté client.",
    "Größere Umbauten kommen getrennt, damit die Prüfung kurz bleibt.",
    "レビューありがとうございます。次のコミットで直します。",
    "<!-- please keep the list below -->",
    "- [x] tests\n- [ ] changelog\n- [ ] docs",
    "```cpp\nauto page = reader.next();\nif (!page.ok()) { return page.error(); }\n```",
    "| before | after |\n|---|---|\n| 17 | 3 |",
    "https://example.org/search?q=a%20b&lang=en#top",
};

std::string filled(const char* pattern, Seeded& choices) {
  std::string text;
  for (const char* at = pattern; *at != '\0'; ++at) {
    if (at[0] == '%' && at[1] == 'd') {
      text += std::to_string(choices.between(1, 999));
      ++at;
    } else {
      text.push_back(*at);
    }
  }
  return text;
}

} // namespace

std::string first_name(Seeded& choices) { return choices.pick(first_names); }
std::string last_name(Seeded& choices) { return choices.pick(last_names); }
std::string adjective(Seeded& choices) { return choices.pick(adjectives); }
std::string thing(Seeded& choices) { return choices.pick(things); }
std::string place(Seeded& choices) { return choices.pick(places); }
std::string language(Seeded& choices) { return choices.pick(languages); }

std::string title(Seeded& choices) {
  std::string text = choices.pick(verbs);
  text += " the ";
  text += choices.pick(adjectives);
  text += " ";
  text += choices.pick(things);
  if (choices.chance(0.6)) {
    text += " ";
    text += choices.pick(tails);
  }
  return text;
}

std::string sentence(Seeded& choices) { return filled(choices.pick(sentences), choices); }

std::string markdown(Seeded& choices, int paragraphs) {
  // What the web form sends has CRLF, what git sends has LF.
  const char* line_end = choices.chance(0.5) ? "\r\n" : "\n";
  std::string text;
  for (int i = 0; i < paragraphs; ++i) {
    if (i > 0) {
      text += line_end;
      text += line_end;
    }
    text += sentence(choices);
  }
  return text;
}

std::string long_markdown(Seeded& choices, std::size_t bytes) {
  std::string text;
  text.reserve(bytes + 256);
  while (text.size() < bytes) {
    text += sentence(choices);
    text += "\n\n";
  }
  return text;
}

std::string branch(Seeded& choices) {
  std::string text = choices.chance(0.5) ? "feature/" : "";
  text += choices.pick(adjectives);
  text += "-";
  text += choices.pick(things);
  return text + "-" + std::to_string(choices.below(1000));
}

std::string plain(const std::string& text) {
  std::string letters;
  for (const char c : text) {
    if (c >= 'a' && c <= 'z') {
      letters.push_back(c);
    } else if (c >= 'A' && c <= 'Z') {
      letters.push_back(static_cast<char>(c - 'A' + 'a'));
    }
  }
  return letters;
}

} // namespace dovetail::simulators::words
