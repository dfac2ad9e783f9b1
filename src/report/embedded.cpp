#include "report/embedded.h"

#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <tuple>

#include "common/byte_reader.h"
#include "common/byte_writer.h"
#include "perfdata/decompressor.h"

namespace prof {

// The content: a magic, then one zstd stream of
//   u32 texts, {u32 size, bytes} each
//   u32 DSOs, each {u32 name, u8 size, 20 bytes of build id,
//                   u32 names, each {u64 address, u64 start, u64 end, u32 name, u8 miss, u8
//                   mangled,
//                                    u16 calls, each {u32 name, u32 file, u32 line, u8 inlined}}}
//   u32 chains, each {u32 size, u64 each}
//   u32 samples, each {u64 time, u32 tid, u32 chain}, by time and tid
//   u32 codes of jitdumps, each {u32 DSO's name, u32 pid, u64 time, u64 start, u64 end, u64
//   position}
// Names are numbers of texts. Integers are little-endian, on any machine.

namespace {

constexpr std::string_view kMagic = "prof embedded 1\n";
constexpr size_t kMost = size_t{512} << 20;  // bytes inflated; more is hostile
constexpr int kLevel = 6;

Result<std::vector<std::byte>> inflate(std::span<const std::byte> compressed) {
  Decompressor decompressor;
  decompressor.feed(compressed);
  std::vector<std::byte> bytes;
  while (true) {
    constexpr size_t kStep = size_t{1} << 20;
    const size_t filled = bytes.size();
    if (filled > kMost) return fail("larger than 512 MiB");
    bytes.resize(filled + kStep);
    auto got = decompressor.read(std::span(bytes).subspan(filled));
    if (!got) return tl::unexpected(std::move(got.error()));
    bytes.resize(filled + *got);
    if (*got == 0) return bytes;
  }
}

}  // namespace

uint32_t EmbeddedWriter::text(std::string_view value) {
  const auto known = numbers_.find(value);
  if (known != numbers_.end()) return known->second;
  const auto number = static_cast<uint32_t>(texts_.size());
  const auto it = numbers_.emplace(std::string(value), number).first;
  texts_.push_back(it->first);
  return number;
}

void EmbeddedWriter::add_name(std::string_view dso, const BuildId& build_id, uint64_t address,
                              const RecordedName& name, std::span<const RecordedCall> calls) {
  std::string id(reinterpret_cast<const char*>(build_id.bytes.data()), build_id.size);
  Name entry{address, name, text(name.name), {calls.begin(), calls.end()}};
  for (RecordedCall& call : entry.calls) {  // views that live as long as we
    call.name = texts_[text(call.name)];
    call.file = texts_[text(call.file)];
  }
  dsos_[{std::string(dso), std::move(id)}].push_back(std::move(entry));
}

void EmbeddedWriter::add_chain(uint64_t time, uint32_t tid, std::span<const uint64_t> chain) {
  const auto next = static_cast<uint32_t>(chain_numbers_.size());
  const auto it = chain_numbers_.try_emplace({chain.begin(), chain.end()}, next).first;
  samples_.push_back({time, tid, it->second});
}

void EmbeddedWriter::add_code(const EmbeddedCode& code) {
  codes_.push_back(code);
  codes_.back().dso = texts_[text(code.dso)];
}

Result<std::vector<std::byte>> EmbeddedWriter::finish() {
  for (const auto& [dso, names] : dsos_) text(dso.first);
  ByteWriter out;
  out.u32(static_cast<uint32_t>(texts_.size()));
  for (const std::string_view each : texts_) {
    out.u32(static_cast<uint32_t>(each.size())).text(each);
  }
  out.u32(static_cast<uint32_t>(dsos_.size()));
  for (auto& [dso, names] : dsos_) {
    const auto& [name, id] = dso;
    out.u32(text(name)).u8(static_cast<uint8_t>(id.size())).text(id);
    out.zeros(BuildId::kMaxSize - id.size());
    // Of one address the first that was added: merged recordings have many in common.
    std::ranges::stable_sort(names, {}, &Name::address);
    const auto same = [](const Name& a, const Name& b) { return a.address == b.address; };
    names.erase(std::unique(names.begin(), names.end(), same), names.end());
    out.u32(static_cast<uint32_t>(names.size()));
    for (const Name& entry : names) {
      out.u64(entry.address).u64(entry.name.start).u64(entry.name.end).u32(entry.text);
      out.u8(entry.name.miss).u8(entry.name.mangled ? 1 : 0);
      const auto calls = static_cast<uint16_t>(std::min<size_t>(entry.calls.size(), UINT16_MAX));
      out.u16(calls);
      for (size_t i = 0; i < calls; ++i) {
        const RecordedCall& call = entry.calls[i];
        out.u32(text(call.name)).u32(text(call.file)).u32(call.line).u8(call.inlined ? 1 : 0);
      }
    }
  }
  std::vector<const std::vector<uint64_t>*> chains(chain_numbers_.size());
  for (const auto& [chain, number] : chain_numbers_) chains[number] = &chain;
  out.u32(static_cast<uint32_t>(chains.size()));
  for (const auto* chain : chains) {
    out.u32(static_cast<uint32_t>(chain->size()));
    for (const uint64_t word : *chain) out.u64(word);
  }
  std::ranges::sort(samples_, {},
                    [](const Sample& s) { return std::tuple(s.time, s.tid, s.chain); });
  out.u32(static_cast<uint32_t>(samples_.size()));
  for (const Sample& sample : samples_) out.u64(sample.time).u32(sample.tid).u32(sample.chain);
  out.u32(static_cast<uint32_t>(codes_.size()));
  for (const EmbeddedCode& code : codes_) {
    out.u32(text(code.dso)).u32(code.pid).u64(code.time);
    out.u64(code.start).u64(code.end).u64(code.position);
  }

  if (out.size() > kMost) return fail("they take more than 512 MiB");
  std::vector<std::byte> payload(kMagic.size() + ZSTD_compressBound(out.size()));
  std::memcpy(payload.data(), kMagic.data(), kMagic.size());
  const size_t size = ZSTD_compress(payload.data() + kMagic.size(), payload.size() - kMagic.size(),
                                    out.view().data(), out.size(), kLevel);
  if (ZSTD_isError(size)) return fail(std::string("cannot compress: ") + ZSTD_getErrorName(size));
  payload.resize(kMagic.size() + size);
  return payload;
}

Result<std::unique_ptr<Embedded>> Embedded::read(std::span<const std::byte> payload) {
  const std::string_view head(reinterpret_cast<const char*>(payload.data()),
                              std::min(payload.size(), kMagic.size()));
  if (head != kMagic) return fail("of a form that this prof does not know");
  auto bytes = inflate(payload.subspan(kMagic.size()));
  if (!bytes) return tl::unexpected(std::move(bytes.error()));
  auto embedded = std::make_unique<Embedded>();
  embedded->bytes_ = std::move(*bytes);
  if (auto done = embedded->read_all(); !done) return tl::unexpected(done.error());
  return embedded;
}

Result<void> Embedded::read_all() {
  ByteReader in(bytes_);
  std::vector<std::string_view> texts;
  for (uint32_t left = in.u32(); left > 0 && in.ok(); --left) {
    texts.push_back({});
    const auto text = in.bytes(in.u32());
    texts.back() = {reinterpret_cast<const char*>(text.data()), text.size()};
  }
  const auto text = [&](uint32_t number) {
    return number < texts.size() ? texts[number] : std::string_view{};
  };
  std::vector<RecordedCall> calls;
  for (uint32_t dsos = in.u32(); dsos > 0 && in.ok(); --dsos) {
    const std::string_view dso = text(in.u32());
    const size_t id_size = in.u8();
    const auto id_bytes = in.bytes(BuildId::kMaxSize);
    const BuildId id = BuildId::from(id_bytes.first(std::min(id_size, id_bytes.size())));
    for (uint32_t left = in.u32(); left > 0 && in.ok(); --left) {
      const uint64_t address = in.u64();
      RecordedName name;
      name.start = in.u64();
      name.end = in.u64();
      name.name = text(in.u32());
      name.miss = in.u8();
      name.mangled = in.u8() != 0;
      calls.clear();
      for (uint16_t count = in.u16(); count > 0 && in.ok(); --count) {
        RecordedCall call;
        call.name = text(in.u32());
        call.file = text(in.u32());
        call.line = in.u32();
        call.inlined = in.u8() != 0;
        calls.push_back(call);
      }
      if (in.ok()) names_.add(dso, id, address, name, calls);
    }
  }
  for (uint32_t left = in.u32(); left > 0 && in.ok(); --left) {
    const U64View words(in.bytes(uint64_t{in.u32()} * 8), false);
    auto& chain = chains_.emplace_back();
    chain.reserve(words.size());
    for (size_t i = 0; i < words.size(); ++i) chain.push_back(words[i]);
  }
  for (uint32_t left = in.u32(); left > 0 && in.ok(); --left) {
    const uint64_t time = in.u64();
    const uint32_t tid = in.u32();
    const uint32_t chain = in.u32();
    if (in.ok() && chain < chains_.size()) samples_.push_back({time, tid, chain});
  }
  for (uint32_t left = in.at_end() ? 0 : in.u32(); left > 0 && in.ok(); --left) {
    EmbeddedCode code;
    code.dso = text(in.u32());
    code.pid = in.u32();
    code.time = in.u64();
    code.start = in.u64();
    code.end = in.u64();
    code.position = in.u64();
    if (in.ok()) codes_.push_back(code);
  }
  if (!in.ok()) return fail("cut or damaged");
  std::ranges::sort(samples_, {},
                    [](const Sample& s) { return std::tuple(s.time, s.tid, s.chain); });
  return {};
}

std::span<const uint64_t> Embedded::chain(uint64_t time, uint32_t tid) const {
  const auto found = std::ranges::lower_bound(
      samples_, std::pair(time, tid), {},
      [](const Sample& sample) { return std::pair(sample.time, sample.tid); });
  if (found == samples_.end() || found->time != time || found->tid != tid) return {};
  return chains_[found->chain];
}

}  // namespace prof
