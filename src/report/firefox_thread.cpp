#include "report/firefox_thread.h"

#include <fmt/format.h>

#include <charconv>

namespace prof {

FirefoxThread::FirefoxThread(JsonValue root, JsonValue thread, uint32_t number,
                             ImportedSamples& samples)
    : root_(root), thread_(thread), number_(number), samples_(samples) {
  texts_ = table("stringArray");
  if (!texts_.exists()) texts_ = thread_["stringTable"];
  libs_ = root_["libs"].is_array() ? root_["libs"] : thread_["libs"];
  sources_ = root_["shared"]["sources"]["filename"];
  categories_ = root_["meta"]["categories"];
  const JsonValue stacks = table("stackTable"), frames = table("frameTable");
  const JsonValue functions = table("funcTable");
  stack_frames_ = stacks["frame"];
  stack_prefixes_ = stacks["prefix"];
  frame_functions_ = frames["func"];
  frame_lines_ = frames["line"];
  frame_depths_ = frames["inlineDepth"];
  frame_categories_ = frames["category"];
  function_names_ = functions["name"];
  function_resources_ = functions["resource"];
  function_files_ = functions["fileName"];
  function_sources_ = functions["source"];
  function_is_js_ = functions["isJS"];
  resource_libs_ = table("resourceTable")["lib"];
  frames_.resize(frame_functions_.size());
}

JsonValue FirefoxThread::table(std::string_view name) const {
  const JsonValue own = thread_[name];
  return own.exists() ? own : root_["shared"][name];
}

/// Numbers, or texts of numbers, with what tells merged processes of one pid apart.
int32_t FirefoxThread::id(JsonValue value) {
  if (const auto number = value.index(); number && *number <= INT32_MAX) {
    return static_cast<int32_t>(*number);
  }
  const std::string_view text = value.text().value_or("");
  int32_t number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = end == text.data() + text.size() || *end == '.';
  return error == std::errc{} && whole && number >= 0 ? number : -1;
}

tl::unexpected<Error> FirefoxThread::damaged(std::string_view table, uint64_t index,
                                             const std::string& what) const {
  return fail(fmt::format("threads[{}].{}[{}]: {}", number_, table, index, what));
}

std::optional<std::string_view> FirefoxThread::text_at(JsonValue index) const {
  const auto number = index.index();
  return number ? texts_.at(*number).text() : std::nullopt;
}

std::string_view FirefoxThread::dso_of(uint32_t function) const {
  const auto resource = function_resources_.at(function).index();
  if (!resource) return {};
  const auto lib = resource_libs_.at(*resource).index();
  if (!lib) return {};
  const JsonValue told = libs_.at(*lib);
  const std::string_view path = told["path"].text().value_or("");
  return path.empty() ? told["name"].text().value_or("") : path;
}

std::string FirefoxThread::line_of(uint32_t frame, uint32_t function) const {
  const auto line = frame_lines_.at(frame).index();
  if (!line) return {};
  auto file = text_at(function_files_.at(function));
  if (const auto source = function_sources_.at(function).index(); !file && source) {
    file = text_at(sources_.at(*source));
  }
  return file && !file->empty() ? fmt::format("{}:{}", *file, *line) : std::string();
}

FrameKind FirefoxThread::kind_of(uint32_t frame, uint32_t function, std::string_view dso) const {
  if (frame_depths_.at(frame).index().value_or(0) > 0) return FrameKind::Inlined;
  const auto category = frame_categories_.at(frame).index();
  const auto named = category ? categories_.at(*category)["name"].text() : std::nullopt;
  if (named == "Kernel" || is_kernel_dso(dso)) return FrameKind::Kernel;
  if (named == "JIT" || function_is_js_.at(function).is_true() || is_generated_dso(dso)) {
    return FrameKind::Jit;
  }
  return dso.empty() ? FrameKind::Other : FrameKind::User;
}

Result<FrameId> FirefoxThread::frame_at(uint32_t index) {
  if (index >= frames_.size()) {
    return fail(fmt::format("threads[{}].frameTable has no frame {} (of {})", number_, index,
                            frames_.size()));
  }
  if (frames_[index].valid()) return frames_[index];
  const auto function = frame_functions_.at(index).index();
  if (!function || *function >= function_names_.size()) {
    return damaged("frameTable.func", index, "there is no such function");
  }
  const auto name = text_at(function_names_.at(*function));
  if (!name) return damaged("funcTable.name", *function, "there is no such text");
  ImportedFrame frame;
  frame.name = *name;
  frame.dso = dso_of(*function);
  frame.kind = kind_of(index, *function, frame.dso);
  if (frame.name.starts_with('[') && frame.name.ends_with(']')) frame.kind = FrameKind::Unknown;
  const std::string line = line_of(index, *function);
  frame.line = line;
  return frames_[index] = samples_.frame(frame);
}

Result<void> FirefoxThread::take_stack(uint32_t index, std::vector<FrameId>& leaf_first) {
  while (true) {
    if (leaf_first.size() >= ImportedSamples::kMostDepth) {
      return damaged("stackTable.prefix", index, "the stack is too deep");
    }
    const auto frame = stack_frames_.at(index).index();
    if (!frame) return damaged("stackTable.frame", index, "there is no such stack");
    const auto id = frame_at(*frame);
    if (!id) return tl::unexpected(id.error());
    leaf_first.push_back(*id);
    const JsonValue prefix = stack_prefixes_.at(index);
    if (prefix.is_null()) return {};
    const auto caller = prefix.index();
    if (!caller || *caller >= index) {
      return damaged("stackTable.prefix", index, "its caller does not come before it");
    }
    index = *caller;
  }
}

}  // namespace prof
