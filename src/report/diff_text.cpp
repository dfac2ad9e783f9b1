#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "report/diff_list.h"

namespace prof {

namespace {

constexpr std::string_view kRed = "\033[31m", kBlue = "\033[34m", kGrey = "\033[90m",
                           kPlain = "\033[0m";

std::string counted(uint64_t number, std::string_view what) {
  std::string text = std::to_string(number);
  for (size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, ',');
  return fmt::format("{} {}{}", text, what, number == 1 ? "" : "s");
}

/// The numbers of a value, as cells.
struct Cells {
  std::string before, after, change, bound;
};

class DiffTable {
 public:
  DiffTable(const DiffResult& result, const DiffListOptions& options, Output& out)
      : result_(result), options_(options), out_(out) {
    order_ = ordered_rows(result, options.sort, &sure_);
    const size_t all = order_.size();
    shown_ = options.limit == 0 ? all : std::min(all, std::max(options.limit, sure_));
  }

  void print() {
    print_head();
    make_columns();
    print_titles();
    for (size_t i = 0; i < shown_; ++i) {
      if (i == sure_ && !separated()) print_border(i > 0);
      print_row(i);
      if (out_.broken()) return;
    }
    if (shown_ < order_.size()) {
      out_ << fmt::format("#\n# {} not shown, which may have changed by chance (--limit 0: all)\n",
                          counted(order_.size() - shown_, "more function"));
    }
  }

 private:
  struct Column {
    std::string title;
    size_t width = 0;
    bool right = true;
  };

  bool separated() const { return !options_.separator.empty(); }

  void print_side(std::string_view name, const DiffSide& side) {
    std::string files;
    for (const std::string& file : side.files) files += (files.empty() ? "" : ", ") + file;
    out_ << fmt::format("# {} {}: {}", name, files, counted(side.samples, "sample"));
    if (side.event != "samples") out_ << fmt::format(" of '{}'", side.event);
    if (side.seconds > 0) out_ << fmt::format(", {:.2f} s", side.seconds);
    if (side.lost > 0) out_ << fmt::format(", {} lost", counted(side.lost, "sample"));
    out_ << "\n";
  }

  void print_head() {
    print_side("Before:", result_.before);
    print_side("After: ", result_.after);
    const std::string_view what = result_.normalize == Normalize::Share ? "shares of each side"
                                  : result_.normalize == Normalize::Time
                                      ? "milliseconds a second of recording"
                                      : "what was recorded, as it is";
    out_ << fmt::format("# Compared: {}, {}\n", what,
                        result_.weight == Weight::Samples ? "by samples" : "by period");
    out_ << fmt::format("# +-: 95% interval of a difference, by {}\n", result_.method);
    out_ << fmt::format("# Changed for sure (*): {} of {}\n#\n", sure_,
                        counted(result_.rows.size(), "function"));
  }

  std::string number(double value, bool sign) const {
    if (result_.unit == "%") {
      return sign ? fmt::format("{:+.2f}%", value) : fmt::format("{:.2f}%", value);
    }
    if (result_.normalize == Normalize::Time) {
      return sign ? fmt::format("{:+.3f}", value) : fmt::format("{:.3f}", value);
    }
    return sign ? fmt::format("{:+.1f}", value) : fmt::format("{:.1f}", value);
  }

  Cells cells_of(const DiffValue& value) const {
    const std::string_view mark = separated() ? "" : value.sure ? "*" : " ";
    std::string bound = number(value.bound, false);
    return {number(value.before, false), number(value.after, false),
            fmt::format("{}{}", number(value.change(), true), mark), std::move(bound)};
  }

  std::string symbol_of(const Frame& frame) const {
    const std::string name(result_.joined.strings[frame.name]);
    return result_.knows_binaries ? fmt::format("[{}] {}", frame.level, name) : name;
  }

  std::string dso_of(const Frame& frame) const {
    return frame.dso_short.valid() ? std::string(result_.joined.strings[frame.dso_short])
                                   : "[unknown]";
  }

  std::vector<std::string> row_of(size_t index) const {
    const DiffRow& row = result_.rows[order_[index]];
    std::vector<std::string> texts;
    for (const DiffValue* value : {&row.self, &row.total}) {
      Cells cells = cells_of(*value);
      for (std::string* cell : {&cells.before, &cells.after, &cells.change, &cells.bound}) {
        texts.push_back(std::move(*cell));
      }
      if (separated()) texts.emplace_back(value->sure ? "sure" : "");
    }
    const Frame& frame = result_.joined.frame(row.function);
    if (result_.knows_binaries) texts.push_back(dso_of(frame));
    texts.push_back(symbol_of(frame));
    return texts;
  }

  void make_columns() {
    for (const std::string_view kind : {"Self", "Total"}) {
      const std::string unit = result_.normalize == Normalize::Time ? " ms/s" : "";
      columns_.push_back({fmt::format("{} before{}", kind, unit)});
      columns_.push_back({fmt::format("{} after{}", kind, unit)});
      columns_.push_back({separated() ? fmt::format("{} delta", kind) : "Delta "});
      columns_.push_back({"+-"});
      if (separated()) columns_.push_back({"Sure"});
    }
    if (result_.knows_binaries) columns_.push_back({"Shared Object", 0, false});
    columns_.push_back({"Symbol", 0, false});
    for (Column& column : columns_) column.width = column.title.size();
    for (size_t i = 0; i < shown_ && !separated(); ++i) {
      const auto texts = row_of(i);
      for (size_t c = 0; c < texts.size(); ++c) {
        columns_[c].width = std::max(columns_[c].width, texts[c].size());
      }
    }
  }

  void print_titles() {
    std::string titles = "# ", dots = "# ";
    for (size_t i = 0; i < columns_.size(); ++i) {
      const Column& column = columns_[i];
      if (i > 0) titles += separated() ? options_.separator : "  ";
      if (separated()) {
        titles += column.title;
      } else if (column.right) {
        titles += fmt::format("{:>{}}", column.title, column.width);
      } else {
        titles += i + 1 == columns_.size() ? column.title
                                           : fmt::format("{:<{}}", column.title, column.width);
      }
      dots += i == 0 ? "" : "  ";
      dots.append(column.width, '.');
    }
    out_ << titles << "\n";
    if (!separated()) out_ << dots << "\n#\n";
  }

  void print_border(bool behind_rows) {
    out_ << fmt::format("{}# {} may have changed by chance only:\n#\n", behind_rows ? "#\n" : "",
                        counted(order_.size() - sure_, "function"));
  }

  /// The colour of a cell; of a difference by its direction.
  std::string_view colour_of(const DiffRow& row, size_t column) const {
    constexpr size_t kSelfChange = 2, kTotalChange = 6;
    if (!options_.colour || !row.sure()) return {};
    const DiffValue* value = column == kSelfChange    ? &row.self
                             : column == kTotalChange ? &row.total
                                                      : nullptr;
    if (!value || !value->sure) return {};
    return value->change() > 0 ? kRed : kBlue;
  }

  void print_row(size_t index) {
    const DiffRow& row = result_.rows[order_[index]];
    auto texts = row_of(index);
    std::string line;
    if (separated()) {
      for (size_t c = 0; c < texts.size(); ++c) {
        std::ranges::replace(texts[c], options_.separator.front(), '.');
        line += (c == 0 ? "" : options_.separator) + texts[c];
      }
      out_ << line << "\n";
      return;
    }
    const bool grey = options_.colour && !row.sure();
    if (grey) line += kGrey;
    for (size_t c = 0; c < texts.size(); ++c) {
      const size_t missing = columns_[c].width - std::min(columns_[c].width, texts[c].size());
      line += "  ";
      if (columns_[c].right) line.append(missing, ' ');
      const std::string_view colour = colour_of(row, c);
      line += colour;
      line += texts[c];
      if (!colour.empty()) line += kPlain;
      if (!columns_[c].right && c + 1 < texts.size()) line.append(missing, ' ');
    }
    if (grey) line += kPlain;
    out_ << line << "\n";
  }

  const DiffResult& result_;
  const DiffListOptions& options_;
  Output& out_;
  std::vector<uint32_t> order_;
  size_t sure_ = 0, shown_ = 0;
  std::vector<Column> columns_;
};

}  // namespace

void print_diff(const DiffResult& result, const DiffListOptions& options, Output& out) {
  DiffTable(result, options, out).print();
}

}  // namespace prof
