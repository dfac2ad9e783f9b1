// zlib (RFC 1950) by libz. inflateCopy() gives a state of some 40 KiB, its window included, from
// which inflating can start again: that is the whole index.
#include "object/zlib_stream.h"

#include <zlib.h>

#include <algorithm>
#include <array>

namespace prof {

namespace {

constexpr uint64_t kSpacing = uint64_t{4} << 20;
constexpr uint64_t kMostStates = 256;

}  // namespace

/// zlib keeps a pointer to its z_stream, which therefore must stay where it is.
struct ZlibStream::State {
  z_stream stream{};
  uint64_t position = 0;  // inflated bytes so far
  bool usable = false;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (usable) ::inflateEnd(&stream);
  }
};

ZlibStream::ZlibStream(std::span<const std::byte> compressed, uint64_t size)
    : compressed_(compressed),
      size_(size),
      spacing_(std::max(kSpacing, size / kMostStates)),
      now_(std::make_unique<State>()) {
  // zlib counts its input in 32 bits; the rest is handed over as it is used up.
  now_->stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(compressed.data()));
  now_->usable = ::inflateInit(&now_->stream) == Z_OK;
  remember();
}

ZlibStream::~ZlibStream() = default;

size_t ZlibStream::consumed() const {
  return static_cast<size_t>(reinterpret_cast<const std::byte*>(now_->stream.next_in) -
                             compressed_.data());
}

void ZlibStream::remember() {
  if (!now_->usable) return;
  auto copy = std::make_unique<State>();
  copy->usable = ::inflateCopy(&copy->stream, &now_->stream) == Z_OK;
  copy->position = now_->position;
  if (copy->usable) remembered_.push_back(std::move(copy));
}

/// To the last remembered state that is not beyond `offset`.
void ZlibStream::go_back(uint64_t offset) {
  const auto after =
      std::ranges::upper_bound(remembered_, offset, {}, [](const auto& s) { return s->position; });
  if (after == remembered_.begin()) return;
  State& from = **(after - 1);
  const bool forward = offset >= now_->position;
  if (forward && (!now_->usable || from.position <= now_->position)) return;
  auto copy = std::make_unique<State>();
  copy->usable = ::inflateCopy(&copy->stream, &from.stream) == Z_OK;
  copy->position = from.position;
  now_ = std::move(copy);
}

bool ZlibStream::inflate_some(std::span<std::byte> out) {
  State& s = *now_;
  while (!out.empty()) {
    // Stops where a state is due.
    const uint64_t due = remembered_.empty() ? 0 : remembered_.back()->position + spacing_;
    size_t part = std::min(out.size(), size_t{1} << 30);
    if (due > s.position) part = static_cast<size_t>(std::min<uint64_t>(part, due - s.position));
    const size_t left = compressed_.size() - consumed();
    s.stream.avail_in = static_cast<uInt>(std::min(left, size_t{1} << 30));
    s.stream.next_out = reinterpret_cast<Bytef*>(out.data());
    s.stream.avail_out = static_cast<uInt>(part);
    const int status = ::inflate(&s.stream, Z_NO_FLUSH);
    const size_t made = part - s.stream.avail_out;
    s.position += made;
    out = out.subspan(made);
    if (s.position == due) remember();
    const bool going_on = status == Z_OK && (made > 0 || s.stream.avail_in > 0);
    if (!out.empty() && !going_on) {
      ::inflateEnd(&s.stream);
      s.usable = false;
      return false;
    }
  }
  return true;
}

bool ZlibStream::read(uint64_t offset, std::span<std::byte> out) {
  if (offset > size_ || out.size() > size_ - offset) return false;
  go_back(offset);
  if (!now_->usable || now_->position > offset) return false;
  std::array<std::byte, 65536> skipped;
  while (now_->position < offset) {
    const auto part =
        static_cast<size_t>(std::min<uint64_t>(skipped.size(), offset - now_->position));
    if (!inflate_some(std::span(skipped).first(part))) return false;
  }
  return inflate_some(out);
}

}  // namespace prof
