// SPDX-License-Identifier: Apache-2.0
#include "core/base/redact_scan.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace dovetail::redaction {
namespace {

constexpr std::size_t npos = std::string_view::npos;
// How many blanks or backslashes may stand between a name and its separator.
constexpr std::size_t longest_gap = 16;
// No provider's authorization code is longer; the bound keeps the time linear, as a value of "code" may be looked at and left.
constexpr std::size_t longest_code = 2048;

bool is_digit(char letter) noexcept { return letter >= '0' && letter <= '9'; }
bool is_letter(char letter) noexcept {
  const char lower = static_cast<char>(letter | 0x20);
  return lower >= 'a' && lower <= 'z';
}
bool is_name_char(char letter) noexcept {
  return is_letter(letter) || is_digit(letter) || letter == '_' || letter == '-';
}
bool is_blank(char letter) noexcept { return letter == ' ' || letter == '\t'; }
bool is_space(char letter) noexcept { return is_blank(letter) || letter == '\n' || letter == '\r'; }
bool is_quote(char letter) noexcept { return letter == '"' || letter == '\''; }
// token68 of RFC 9110 section 11.2
bool is_token_char(char letter) noexcept {
  return is_name_char(letter) || letter == '.' || letter == '~' || letter == '+' || letter == '/' || letter == '=';
}

bool equal_ignoring_case(std::string_view left, std::string_view lower_right) noexcept {
  return left.size() == lower_right.size() &&
         std::equal(left.begin(), left.end(), lower_right.begin(),
                    [](char a, char b) { return (is_letter(a) ? static_cast<char>(a | 0x20) : a) == b; });
}

template <std::size_t count>
bool is_one_of(std::string_view text, const std::array<std::string_view, count>& list) noexcept {
  return std::find(list.begin(), list.end(), text) != list.end();
}

template <typename Predicate> std::size_t skip(std::string_view text, std::size_t at, Predicate matches) {
  while (at < text.size() && matches(text[at])) {
    ++at;
  }
  return at;
}

class Scanner {
public:
  Scanner(std::string_view text, const NameRule& rule, std::vector<Span>& out) : text_(text), rule_(rule), out_(out) {}

  void run() {
    static constexpr auto triggers = [] {
      std::array<bool, 256> table{};
      for (const char letter : std::string_view(":=% _-.J")) {
        table[static_cast<unsigned char>(letter)] = true;
      }
      return table;
    }();
    std::size_t at = 0;
    while (at < text_.size()) {
      if (!triggers[static_cast<unsigned char>(text_[at])]) {
        ++at;
        continue;
      }
      const std::size_t next = at_trigger(at);
      at = std::max(next, at + 1);
    }
  }

private:
  struct Name {
    std::string_view text;
    std::size_t begin = 0;
    char quote = 0;          // the quote around it, or 0
    std::size_t escapes = 0; // backslashes before that quote: JSON inside JSON
  };

  // Each returns where to go on: behind what it blanked, or 0.
  std::size_t at_trigger(std::size_t at) {
    switch (text_[at]) {
    case ':':
      if (text_.substr(at, 3) == "://") {
        return at_url(at + 3);
      }
      return at_separator(at, at + 1, ':');
    case '=':
      return at_separator(at, at + 1, '=');
    case '%':
      return equal_ignoring_case(text_.substr(at, 3), "%3d") ? at_separator(at, at + 3, '%') : 0;
    case ' ':
      return at_scheme(at);
    case '_':
      return at_underscore(at);
    case '-':
      return at_dash(at);
    case '.':
      return at_dot(at);
    default:
      return at_web_token(at);
    }
  }

  std::size_t blank(std::size_t begin, std::size_t end, bool quote = false) {
    if (end > begin) {
      out_.push_back(Span{.begin = begin, .end = end, .quote = quote});
    }
    return end;
  }

  bool word_begins(std::size_t at) const noexcept { return at == 0 || !is_name_char(text_[at - 1]) || escaped(at); }
  // Whether the two characters before `at` are the digits of a percent escape.
  bool escaped(std::size_t at) const noexcept { return at >= 3 && text_[at - 3] == '%'; }

  std::optional<Name> name_before(std::size_t separator) const {
    std::size_t end = separator;
    const auto floor = separator - std::min(separator, longest_gap);
    while (end > floor && is_blank(text_[end - 1])) {
      --end;
    }
    Name name;
    if (end > 0 && is_quote(text_[end - 1])) {
      name.quote = text_[--end];
      while (end > floor && text_[end - 1] == '\\') {
        --end;
        ++name.escapes;
      }
    }
    std::size_t begin = end;
    while (begin > 0 && end - begin <= longest_name && is_name_char(text_[begin - 1])) {
      --begin;
    }
    if (begin > 0 && text_[begin - 1] == '%' && end - begin > 2) {
      begin += 2; // "%3Fcode": the digits belong to the escape
    }
    if (begin == end || end - begin > longest_name) {
      return std::nullopt;
    }
    name.text = text_.substr(begin, end - begin);
    name.begin = begin;
    return name;
  }

  std::size_t at_separator(std::size_t separator, std::size_t after, char kind) {
    const auto name = name_before(separator);
    if (!name) {
      return 0;
    }
    const NameKind rule = rule_(name->text);
    if (rule == NameKind::plain) {
      return 0;
    }
    const bool in_json = name->quote != 0 && kind == ':';
    const bool arrow = kind == '=' && text_.substr(after, 1) == ">";
    const std::size_t begin = skip(text_, arrow ? after + 1 : after, in_json ? is_space : is_blank);
    if (begin == text_.size()) {
      return 0;
    }
    std::size_t escapes = begin;
    while (escapes < text_.size() && text_[escapes] == '\\') {
      ++escapes;
    }
    if (escapes < text_.size() && is_quote(text_[escapes])) {
      return quoted_value(rule, escapes, escapes - begin);
    }
    if (in_json) {
      return bare_json_value(rule, begin);
    }
    if (kind == ':') {
      return header_value(rule, *name, begin);
    }
    return form_value(rule, *name, begin, kind);
  }

  [[nodiscard]] std::size_t end_of_search(NameKind rule, std::size_t begin) const noexcept {
    return rule == NameKind::code ? begin + std::min(longest_code, text_.size() - begin) : text_.size();
  }

  // The value in quotes whose opening one stands at `open` behind `escapes` backslashes.
  std::size_t quoted_value(NameKind rule, std::size_t open, std::size_t escapes) {
    const char quote = text_[open];
    std::size_t run = 0;
    std::size_t end = open + 1;
    const std::size_t limit = end_of_search(rule, end);
    for (; end < limit; ++end) {
      if (text_[end] == '\\') {
        ++run;
        continue;
      }
      // At nesting depth d a closing quote has 2^d-1 backslashes of its own behind pairs of escaped ones.
      if (text_[end] == quote && run % (2 * (escapes + 1)) == escapes) {
        break;
      }
      run = 0;
    }
    const std::size_t value_end = end == limit ? end : end - std::min(end - open - 1, escapes);
    if (rule == NameKind::code && !looks_like_code(text_.substr(open + 1, value_end - open - 1))) {
      return 0;
    }
    return blank(open + 1, value_end);
  }

  std::size_t bare_json_value(NameKind rule, std::size_t begin) {
    if (text_[begin] == '{' || text_[begin] == '[') {
      return rule == NameKind::code ? 0 : blank(begin, end_of_structure(begin), true);
    }
    const std::size_t end = skip(text_, begin, [](char letter) { return is_token_char(letter) && letter != '='; });
    const auto value = text_.substr(begin, end - begin);
    if (value == "null" || value == "true" || value == "false" || value == "None" ||
        (rule == NameKind::code && !looks_like_code(value))) {
      return 0;
    }
    return blank(begin, end, true);
  }

  std::size_t end_of_structure(std::size_t begin) const {
    std::size_t depth = 0;
    bool in_string = false;
    for (std::size_t at = begin; at < text_.size(); ++at) {
      const char letter = text_[at];
      if (in_string) {
        if (letter == '\\') {
          ++at;
        } else if (letter == '"') {
          in_string = false;
        }
      } else if (letter == '"') {
        in_string = true;
      } else if (letter == '{' || letter == '[') {
        ++depth;
      } else if ((letter == '}' || letter == ']') && --depth == 0) {
        return at + 1;
      }
    }
    return text_.size();
  }

  std::size_t header_value(NameKind rule, const Name& name, std::size_t begin) {
    const bool line_start = name.begin == 0 || text_[name.begin - 1] == '\n' || text_[name.begin - 1] == '\r';
    if (rule == NameKind::whole_line || (rule == NameKind::secret && line_start)) {
      return blank(begin, end_of_header(begin));
    }
    const std::size_t end = skip(text_.substr(0, end_of_search(rule, begin)), begin, [](char letter) {
      return !is_space(letter) && !is_quote(letter) && std::string_view(",;)]}>\\").find(letter) == npos;
    });
    if (rule == NameKind::code && !looks_like_code(text_.substr(begin, end - begin))) {
      return 0;
    }
    return blank(begin, end);
  }

  // To the end of the line, or of the string literal that the header stands in. A quote behind '=' opens a parameter's value.
  std::size_t end_of_header(std::size_t begin) const {
    std::size_t at = begin;
    while (at < text_.size()) {
      const char letter = text_[at];
      if (letter == '\n' || letter == '\r' ||
          (letter == '\\' && at + 1 < text_.size() && (text_[at + 1] == 'n' || text_[at + 1] == 'r'))) {
        break;
      }
      if (letter == '"') {
        if (text_[at - 1] != '=') {
          break;
        }
        at = std::min(text_.find_first_of("\"\r\n", at + 1), text_.size());
        if (at == text_.size() || text_[at] != '"') {
          break;
        }
      }
      ++at;
    }
    return at;
  }

  std::size_t form_value(NameKind rule, const Name& name, std::size_t begin, char kind) {
    const std::size_t end = [&] {
      std::size_t at = begin;
      const std::size_t limit = end_of_search(rule, begin);
      while (at < limit && !is_space(text_[at]) && !is_quote(text_[at]) &&
             std::string_view("&<>\\`").find(text_[at]) == npos &&
             !(kind == '%' && equal_ignoring_case(text_.substr(at, 3), "%26"))) {
        ++at;
      }
      return at;
    }();
    if (rule == NameKind::code) {
      const bool in_form = name.begin == 0 || escaped(name.begin) || !is_blank(text_[name.begin - 1]);
      if (!in_form && !looks_like_code(text_.substr(begin, end - begin))) {
        return 0;
      }
    }
    return blank(begin, end);
  }

  // user:password@ between "://" and the host
  std::size_t at_url(std::size_t begin) {
    const std::size_t end = skip(text_, begin, [](char letter) {
      return !is_space(letter) && !is_quote(letter) && std::string_view("/?#<>\\@").find(letter) == npos;
    });
    return end < text_.size() && text_[end] == '@' ? blank(begin, end) : 0;
  }

  std::size_t at_scheme(std::size_t space) {
    static constexpr std::array<std::string_view, 11> ordinary{"token",         "tokens", "auth",  "authentication",
                                                               "authorization", "scheme", "realm", "error",
                                                               "credentials",   "header", "scope"};
    const bool bearer =
        space >= 6 && equal_ignoring_case(text_.substr(space - 6, 6), "bearer") && word_begins(space - 6);
    const bool basic = space >= 5 && equal_ignoring_case(text_.substr(space - 5, 5), "basic") && word_begins(space - 5);
    if (!bearer && !basic) {
      return 0;
    }
    const std::size_t begin = skip(text_, space, is_blank);
    const std::size_t end = skip(text_, begin, is_token_char);
    const auto value = text_.substr(begin, end - begin);
    const auto word = value.substr(0, value.find_first_of(".="));
    std::string lower(word.substr(0, 32));
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char letter) {
      return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter | 0x20) : letter;
    });
    if (is_one_of(lower, ordinary)) {
      return 0;
    }
    // "Basic" is also a common word, base64 is not.
    const bool encoded = std::any_of(value.begin(), value.end(), is_digit) || value.find('=') != npos ||
                         std::any_of(value.begin() + (value.empty() ? 0 : 1), value.end(),
                                     [](char letter) { return letter >= 'A' && letter <= 'Z'; });
    return bearer || encoded ? blank(begin, end) : 0;
  }

  std::size_t word_from(std::size_t begin, std::size_t prefix, std::size_t least, std::string_view extra = {}) {
    const std::size_t end = skip(text_, begin + prefix,
                                 [extra](char letter) { return is_name_char(letter) || extra.find(letter) != npos; });
    return end - begin - prefix >= least ? blank(begin, end) : 0;
  }

  std::size_t at_underscore(std::size_t at) {
    if (at >= 3 && text_.substr(at - 3, 2) == "gh" && std::string_view("opsur").find(text_[at - 1]) != npos &&
        word_begins(at - 3)) {
      return word_from(at - 3, 4, 4);
    }
    if (at >= 10 && text_.substr(at - 10, 11) == "github_pat_" && word_begins(at - 10)) {
      return word_from(at - 10, 11, 4);
    }
    return 0;
  }

  std::size_t at_dash(std::size_t at) {
    if (text_.substr(at, 11) == "-----BEGIN ") {
      const std::size_t label = text_.find("-----", at + 11);
      if (label == npos || label - at > 64 || text_.substr(at, label - at).find("PRIVATE KEY") == npos) {
        return 0;
      }
      const std::size_t footer = text_.find("-----END ", label);
      const std::size_t end = footer == npos ? npos : text_.find("-----", footer + 9);
      return blank(at, end == npos ? text_.size() : end + 5);
    }
    if (at >= 4 && text_.substr(at - 4, 3) == "xox" && is_letter(text_[at - 1]) && word_begins(at - 4)) {
      return word_from(at - 4, 5, 8);
    }
    return 0;
  }

  std::size_t at_dot(std::size_t at) {
    if (at >= 4 && text_.substr(at - 4, 4) == "ya29" && word_begins(at - 4)) {
      return word_from(at - 4, 5, 8);
    }
    if (at >= 2 && text_.substr(at - 2, 2) == "v1" && word_begins(at - 2)) {
      const std::size_t end = skip(text_, at + 1, [](char letter) {
        return is_digit(letter) || (static_cast<char>(letter | 0x20) >= 'a' && static_cast<char>(letter | 0x20) <= 'f');
      });
      return end - at > 16 ? blank(at - 2, end) : 0;
    }
    return 0;
  }

  // "eyJ" is the base64 of `{"`, with which a JSON web token begins (RFC 7519).
  std::size_t at_web_token(std::size_t at) {
    if (at < 2 || text_.substr(at - 2, 2) != "ey" || !word_begins(at - 2)) {
      return 0;
    }
    const std::size_t head = skip(text_, at, is_name_char);
    return head < text_.size() && text_[head] == '.' && head - at >= 8 ? word_from(at - 2, head - at + 3, 0, ".") : 0;
  }

  std::string_view text_;
  const NameRule& rule_;
  std::vector<Span>& out_;
};

} // namespace

std::string normalise_name(std::string_view name) {
  std::string out;
  if (name.size() > longest_name) {
    return out;
  }
  for (const char letter : name) {
    if (is_letter(letter)) {
      out += static_cast<char>(letter | 0x20);
    } else if (letter != '_' && letter != '-') {
      out += letter;
    }
  }
  return out;
}

NameKind classify_name(std::string_view normalised) noexcept {
  static constexpr std::array<std::string_view, 4> lines{"authorization", "proxyauthorization", "cookie", "setcookie"};
  static constexpr std::array<std::string_view, 8> exact{
      "codeverifier", "pwd", "passwd", "assertion", "clientassertion", "secretkey", "accesskey", "secretaccesskey"};
  static constexpr std::array<std::string_view, 6> endings{"token",  "secret",     "password",
                                                           "apikey", "privatekey", "passphrase"};
  static constexpr std::array<std::string_view, 5> harmless{"pagetoken", "nexttoken", "synctoken", "continuationtoken",
                                                            "pagingtoken"};
  const auto ends_with = [&](std::string_view ending) { return normalised.ends_with(ending); };
  if (normalised == "code") {
    return NameKind::code;
  }
  if (is_one_of(normalised, lines)) {
    return NameKind::whole_line;
  }
  if (is_one_of(normalised, exact)) {
    return NameKind::secret;
  }
  const bool secret = std::any_of(endings.begin(), endings.end(), ends_with) &&
                      std::none_of(harmless.begin(), harmless.end(), ends_with);
  return secret ? NameKind::secret : NameKind::plain;
}

bool looks_like_code(std::string_view value) noexcept {
  std::size_t digits = 0;
  std::size_t changes = 0;
  char before = 0; // 'd' or 'l'
  for (const char letter : value) {
    const char kind = is_digit(letter) ? 'd' : (is_letter(letter) ? 'l' : char{0});
    digits += kind == 'd' ? 1U : 0U;
    if (kind != 0) {
      changes += before != 0 && before != kind ? 1U : 0U;
      before = kind;
    }
  }
  return value.size() >= 10 && (digits >= 10 || changes >= 3);
}

void scan_text(std::string_view text, const NameRule& rule, std::vector<Span>& out) { Scanner(text, rule, out).run(); }

} // namespace dovetail::redaction
