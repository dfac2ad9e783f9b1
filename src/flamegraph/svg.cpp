#include "flamegraph/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "flamegraph/xml_text.h"

namespace prof {

namespace {

constexpr std::string_view kStyle =
#include "flamegraph_css.inc"
    ;
constexpr std::string_view kScript =
#include "flamegraph_js.inc"
    ;

// The page, from top to bottom: title, subtitle, frames, details, notes. In pixels.
constexpr uint32_t kPad = 12;
constexpr uint32_t kTitleLine = 27;
constexpr uint32_t kSubtitleLine = 46;
constexpr uint32_t kFramesTop = 60;
constexpr uint32_t kStatusHeight = 24;
constexpr uint32_t kNoteHeight = 16;
constexpr uint32_t kCaptionHeight = 34;  // between a panel and the next
constexpr double kLegendLetter = 6.4;    // mean width of a letter

struct Page {
  uint32_t width = 0, height = 0, status_top = 0, notes_top = 0;
  std::vector<uint32_t> panel_tops;
};

/// Lines of the legend and notes stand below the frames. `levels`: of each panel.
Page page_for(const FlamegraphOptions& options, const std::vector<uint32_t>& levels,
              uint32_t legend_lines, size_t notes) {
  Page page;
  page.width = options.width ? options.width : kNominalWidth;
  uint32_t y = kFramesTop;
  for (const uint32_t count : levels) {
    if (y != kFramesTop) y += kCaptionHeight;
    page.panel_tops.push_back(y);
    y += count * options.frame_height + 4;
  }
  page.status_top = y;
  page.notes_top = page.status_top + kStatusHeight + legend_lines * kNoteHeight;
  page.height = page.notes_top + static_cast<uint32_t>(notes) * kNoteHeight + 8;
  return page;
}

/// Where an entry of the legend below the frames stands: its left edge, and its line.
struct LegendPlace {
  size_t entry = 0;
  double x = 0;
  uint32_t line = 0;
};

std::vector<LegendPlace> place_legend(const Picture& picture) {
  std::vector<LegendPlace> places;
  if (picture.options.colour_by == ColourBy::Kind) return places;  // stands at the right
  const double end = (picture.options.width ? picture.options.width : kNominalWidth) - kPad;
  double x = kPad;
  uint32_t line = 0;
  const auto& legend = picture.main().colouring.legend();
  for (size_t i = 0; i < legend.size(); ++i) {
    const double width = 13 + kLegendLetter * static_cast<double>(legend[i].label.size());
    if (x > kPad && x + width > end) {
      x = kPad;
      ++line;
    }
    places.push_back({i, x, line});
    x += width + 15;
  }
  return places;
}

std::vector<uint32_t> levels_of(const Picture& picture) {
  std::vector<uint32_t> levels;
  for (const Panel& panel : picture.panels) levels.push_back(panel.layout.depth);
  return levels;
}

uint32_t lines_of(const std::vector<LegendPlace>& places) {
  return places.empty() ? 0 : places.back().line + 1;
}

/// The colours a background fades between, top to bottom: flamegraph.pl's names.
std::pair<std::string, std::string> background_of(const std::string& name) {
  if (name == "yellow") return {"#eeeeee", "#eeeeb0"};
  if (name == "blue") return {"#eeeeee", "#e0e0ff"};
  if (name == "green") return {"#eef2ee", "#e0ffe0"};
  if (name == "grey" || name == "gray") return {"#f8f8f8", "#e8e8e8"};
  if (!name.empty()) return {name, name};
  return {"#ffffff", "#ffffff"};
}

void write_head(const FlamegraphOptions& options, const Page& page, std::string_view data,
                std::string_view title, Output& out) {
  const auto [top, bottom] = background_of(options.background);
  const bool flat = top == bottom;
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n";
  out << fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" class=\"prof{}{}\" width=\"{}\" "
      "height=\"{}\" viewBox=\"0 0 {} {}\" role=\"img\" aria-labelledby=\"title\" "
      "font-family=\"{}\" font-size=\"{}\"{}>\n",
      options.background.empty() ? " plain" : "",
      options.palette == Palette::Contrast ? " contrast" : "", page.width, page.height, page.width,
      page.height, xml(options.font_family), options.font_size, data);
  out << "<!-- Flame graph by prof. Frames are <g class=\"frame\"> with data-x and data-w in units "
         "of weight. -->\n";
  out << "<style><![CDATA[\n" << kStyle << "]]></style>\n";
  if (!flat) {
    out << fmt::format(
        "<defs><linearGradient id=\"fade\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"1\"><stop offset=\"5%\" "
        "stop-color=\"{}\"/><stop offset=\"95%\" stop-color=\"{}\"/></linearGradient></defs>\n",
        top, bottom);
  }
  out << fmt::format("<rect id=\"background\" width=\"100%\" height=\"100%\" fill=\"{}\"/>\n",
                     flat ? top : "url(#fade)");
  out << fmt::format("<text id=\"title\" x=\"{}\" y=\"{}\">{}</text>\n", kPad, kTitleLine,
                     xml(title));
}

void write_tail(Output& out) {
  out << "<script><![CDATA[\n" << kScript << "]]></script>\n</svg>\n";
}

void write_button(std::string_view id, std::string_view label, int x, int width,
                  std::string_view classes, std::string_view hint, Output& out) {
  out << fmt::format(
      "<g id=\"{}\" class=\"button{}\" role=\"button\" tabindex=\"0\"><title>{}</title><rect "
      "x=\"{}.5\" y=\"10.5\" width=\"{}\" height=\"21\" rx=\"4\"/><text x=\"{}\" "
      "y=\"25\">{}</text></g>\n",
      id, classes, hint, x, width, static_cast<double>(x) + width / 2.0 + 0.5, label);
}

class SvgWriter {
 public:
  SvgWriter(const Picture& picture, Output& out)
      : picture_(picture),
        options_(picture.options),
        legend_places_(place_legend(picture)),
        page_(
            page_for(options_, levels_of(picture), lines_of(legend_places_), picture.notes.size())),
        out_(out) {}

  void write() {
    write_head(options_, page_, root_data(), picture_.title, out_);
    out_ << fmt::format("<text id=\"subtitle\" x=\"{}\" y=\"{}\">{}</text>\n", kPad, kSubtitleLine,
                        xml(picture_.subtitle));
    write_right_side();
    for (size_t i = 0; i < picture_.panels.size(); ++i) write_panel(i);
    if (!legend_places_.empty()) write_legend_below();
    write_notes();
    write_status();
    write_tail(out_);
  }

 private:
  std::string root_data() const;
  void write_right_side();
  void write_legend_at_right();
  void write_legend_below();
  void append_group_start(const NameAttribute& said, uint64_t x, uint64_t total);
  void write_panel(size_t index);
  void write_frame(const Panel& panel, uint32_t top, const Box& box);
  void append_title(const Panel& panel, uint32_t node, std::string_view name);
  void write_notes();
  void write_status();
  std::string_view name_of(const Panel& panel, uint32_t node) const;

  const Picture& picture_;
  const FlamegraphOptions& options_;
  std::vector<LegendPlace> legend_places_;
  Page page_;
  Output& out_;
  std::string line_;
};

std::string SvgWriter::root_data() const {
  return fmt::format(
      " data-pad=\"{}\" data-whole=\"{}\" data-frame-height=\"{}\" data-fluid=\"{}\" "
      "data-font-width=\"{:.2f}\" data-name-type=\"{}\" data-status=\"{}\" data-cut=\"{}\"",
      kPad, picture_.main().layout.whole, options_.frame_height, options_.width ? 0 : 1,
      options_.font_width * options_.font_size, xml(options_.name_type), page_.status_top,
      options_.cut_side == CutSide::Left ? "left" : "right");
}

std::string_view SvgWriter::name_of(const Panel& panel, uint32_t node) const {
  const FrameId frame = panel.tree.nodes()[node].frame;
  return frame.valid() ? picture_.profile.name(frame) : std::string_view(panel.root);
}

void SvgWriter::write_right_side() {
  out_ << fmt::format("<g id=\"right\" transform=\"translate({},0)\">\n", page_.width);
  out_ << "<g id=\"tools\" class=\"hide\">\n";
  write_button("unzoom", "Reset Zoom", -198, 84, " hide", "Show everything again (Esc)", out_);
  write_button("ignorecase", "ic", -108, 28, "", "Ignore case in searches (Ctrl-I)", out_);
  write_button("search", "Search", -74, 61, "", "Find a regular expression (Ctrl-F, F3 or /)",
               out_);
  out_ << "</g>\n";
  if (legend_places_.empty()) write_legend_at_right();
  out_ << "</g>\n";
}

// Says what the hues mean: kinds of frames at the right of the subtitle, from the edge to the left;
// what there may be many of in lines below the picture, which the script breaks where the window
// ends.
void SvgWriter::write_legend_at_right() {
  if (picture_.main().colouring.legend().empty()) return;
  out_ << "<g class=\"legend\">";
  double x = -static_cast<double>(kPad);
  for (const auto& [colour, label] : picture_.main().colouring.legend()) {
    x -= kLegendLetter * static_cast<double>(label.size());
    out_ << fmt::format(
        "<rect x=\"{:.1f}\" y=\"{}\" width=\"9\" height=\"9\" rx=\"2\" fill=\"{}\"/><text "
        "x=\"{:.1f}\" y=\"{}\">{}</text>",
        x - 13, kSubtitleLine - 9, colour.hex(), x, kSubtitleLine, xml(label));
    x -= 28;
  }
  out_ << "</g>\n";
}

void SvgWriter::write_legend_below() {
  out_ << fmt::format("<g id=\"legend\" class=\"legend\" transform=\"translate(0,{})\">",
                      page_.status_top + kStatusHeight);
  for (const LegendPlace& place : legend_places_) {
    const auto& [colour, label] = picture_.main().colouring.legend()[place.entry];
    out_ << fmt::format(
        "<g transform=\"translate({:.1f},{})\"><rect width=\"9\" height=\"9\" y=\"2\" rx=\"2\" "
        "fill=\"{}\"/><text x=\"13\" y=\"11\">{}</text></g>",
        place.x, place.line * kNoteHeight, colour.hex(), xml(label));
  }
  out_ << "</g>\n";
}

void SvgWriter::write_panel(size_t index) {
  const Panel& panel = picture_.panels[index];
  const uint32_t top = page_.panel_tops[index];
  if (!panel.caption.empty()) {
    out_ << fmt::format("<text class=\"caption\" x=\"{}\" y=\"{}\">{}</text>\n", kPad, top - 10,
                        xml(panel.caption));
  }
  if (index == 0) {
    out_ << "<g id=\"frames\">\n";
  } else {
    out_ << fmt::format("<g id=\"below\" data-whole=\"{}\">\n", panel.layout.whole);
  }
  for (const Box& box : panel.layout.boxes) write_frame(panel, top, box);
  out_ << "</g>\n";
}

void SvgWriter::write_frame(const Panel& panel, uint32_t top, const Box& box) {
  const auto& node = panel.tree.nodes()[box.node];
  const std::string_view name = name_of(panel, box.node);
  const double pixels_per_weight =
      static_cast<double>(page_.width - 2 * kPad) / static_cast<double>(panel.layout.whole);
  const double x = kPad + static_cast<double>(box.x) * pixels_per_weight;
  const double width = static_cast<double>(node.total) * pixels_per_weight;
  const uint32_t level = options_.inverted ? box.depth : panel.layout.depth - 1 - box.depth;
  const uint32_t y = top + level * options_.frame_height;
  line_.clear();
  const auto sink = std::back_inserter(line_);
  const NameAttribute* const said = picture_.attributes.of(name);
  if (said) {
    append_group_start(*said, box.x, node.total);
  } else {
    fmt::format_to(sink, "<g class=\"frame\" data-x=\"{}\" data-w=\"{}\">", box.x, node.total);
  }
  line_ += "<title>";
  if (said && !said->title.empty()) {
    append_xml(line_, said->title);
  } else {
    append_title(panel, box.node, name);
  }
  line_ += "</title>";
  fmt::format_to(sink, "<rect x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\" fill=\"{}\"/>",
                 x, y, width, options_.frame_height - 1, panel.colouring.of(box.node).hex());
  const double room = (width - 7) / (options_.font_size * options_.font_width);
  if (room >= 3) {
    fmt::format_to(sink, "<text x=\"{:.1f}\" y=\"{:.1f}\">", x + 4,
                   y + (options_.frame_height - 1) / 2.0 + options_.font_size * 0.35);
    const auto most = static_cast<size_t>(room);
    append_xml(line_,
               options_.cut_side == CutSide::Left ? cut_to_end(name, most) : cut_to(name, most));
    line_ += "</text>";
  }
  line_ += said && !said->href.empty() ? "</g></a>\n" : "</g>\n";
  out_ << line_;
}

void SvgWriter::append_title(const Panel& panel, uint32_t node, std::string_view name) {
  const uint64_t total = panel.tree.nodes()[node].total;
  const auto sink = std::back_inserter(line_);
  append_xml(line_, name);
  if (panel.differences) {
    fmt::format_to(sink, " ({})", panel.differences->text(node));
    return;
  }
  fmt::format_to(sink, " ({} ", picture_.count(total));
  append_xml(line_, picture_.unit);
  if (total == panel.layout.whole) {
    line_ += ", 100%)";
  } else {
    fmt::format_to(sink, ", {:.2f}%)",
                   100 * static_cast<double>(total) / static_cast<double>(panel.layout.whole));
  }
}

/// The begin of a frame that the user said something of, as flamegraph.pl has it: the link is
/// around the frame.
void SvgWriter::append_group_start(const NameAttribute& said, uint64_t x, uint64_t total) {
  const auto add = [&](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    line_ += ' ';
    line_ += name;
    line_ += "=\"";
    append_xml(line_, value);
    line_ += '"';
  };
  if (!said.href.empty()) {
    line_ += "<a";
    add("href", said.href);
    add("target", said.target.empty() ? std::string_view("_top") : said.target);  // not in <object>
    line_ += '>';
  }
  line_ += "<g";
  add("id", said.id);
  add("class", said.classes.empty() ? "frame" : "frame " + said.classes);
  add("style", said.style);
  add("onclick", said.on_click);
  add("onmouseover", said.on_mouse_over);
  add("onmouseout", said.on_mouse_out);
  fmt::format_to(std::back_inserter(line_), " data-x=\"{}\" data-w=\"{}\">", x, total);
}

void SvgWriter::write_notes() {
  uint32_t y = page_.notes_top + 11;
  for (const std::string& note : picture_.notes) {
    out_ << fmt::format("<text class=\"note\" x=\"{}\" y=\"{}\">{}</text>\n", kPad, y, xml(note));
    y += kNoteHeight;
  }
}

void SvgWriter::write_status() {
  out_ << fmt::format(
      "<g id=\"status\" transform=\"translate(0,{})\"><rect id=\"bar\" class=\"hide\" x=\"-1\" "
      "y=\".5\" width=\"{}\" height=\"{}\"/><text id=\"details\" x=\"{}\" y=\"16\"> </text><text "
      "id=\"matched\" x=\"{}\" y=\"16\" text-anchor=\"end\"></text></g>\n",
      page_.status_top, page_.width, kStatusHeight, kPad, page_.width - kPad);
}

}  // namespace

CountFormat::CountFormat(double factor, uint32_t scale) : factor_(factor), scale_(scale) {
  decimals_ = 0;
  for (uint32_t rest = scale; rest > 1; rest /= 10) ++decimals_;
  if (factor != std::floor(factor)) decimals_ = std::max(decimals_, 3);
}

std::string CountFormat::operator()(uint64_t weight) const {
  if (factor_ == 1 && scale_ == 1) return grouped(weight);
  std::string text =
      fmt::format("{:.{}f}", static_cast<double>(weight) * factor_ / scale_, decimals_);
  size_t point = std::min(text.find('.'), text.size());
  if (point < text.size()) {
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
  }
  for (; point > 3; point -= 3) text.insert(point - 3, 1, ',');
  return text;
}

std::string grouped(uint64_t number) {
  std::string text = std::to_string(number);
  for (size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, ',');
  return text;
}

void write_svg(const Picture& picture, Output& out) {
  SvgWriter(picture, out).write();
}

void write_message_svg(std::string_view message, const FlamegraphOptions& options, Output& out) {
  const Page page = page_for(options, {2}, 0, 0);
  write_head(options, page, "", options.title.empty() ? "Flame Graph" : options.title, out);
  out << fmt::format("<text class=\"problem\" x=\"{}\" y=\"{}\">{}</text>\n</svg>\n", kPad,
                     kFramesTop + 8, xml(message));
}

}  // namespace prof
