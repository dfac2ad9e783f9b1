// BpfObject: a kernel-side program with its maps, loaded. Used by bpf_source and bpf_features; the
// only place that knows libbpf.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/result.h"

namespace prof {

class BpfObject {
 public:
  /// Loads the object file in `bytes`. `constants` become its `const volatile` variables, byte by
  /// byte. Maps that one of `shared` has by the same name are shared with it. The error is one line
  /// of cause; its hint says what would help. The program `without` is left out.
  static Result<BpfObject> load(std::span<const std::byte> bytes,
                                std::span<const std::byte> constants,
                                std::span<const BpfObject> shared = {},
                                const char* without = nullptr);
  /// Loads one program of an object file, with the maps whose names begin with its name, and
  /// nothing else of it.
  static Result<BpfObject> load_one(std::span<const std::byte> bytes, const char* program);
  /// Whether prof was built with BPF programs at all.
  static bool is_built_in();
  /// What loads them: "libbpf 1.1"; empty without.
  static std::string library();

  BpfObject(BpfObject&&) noexcept;
  BpfObject& operator=(BpfObject&&) noexcept;
  ~BpfObject();

  /// Descriptors, which belong to the object; -1 for a name it does not have.
  int program(const char* name) const;
  int map(const char* name) const;

  /// Attaches all programs that are of tracepoints.
  Result<void> attach_tracepoints();
  /// Runs an iterator program over everything that it iterates.
  bool run_iterator(const char* program) const;

  /// Asks the kernel to measure programs from now on, as long as this lives.
  void enable_stats();
  struct RunStats {
    uint64_t runs = 0;
    uint64_t nanoseconds = 0;
    uint64_t missed = 0;  // times that it could not, as another program was running there
  };
  /// How often a program ran and how long, as the kernel measured since enable_stats(); what was
  /// missed it always counts.
  RunStats run_stats(const char* program) const;

  /// Sets the element `key` of an array map, or of a hash map with keys of 32 bits.
  bool update(const char* map, uint32_t key, std::span<const std::byte> value) const;
  /// An array map's element 0 of every possible CPU, one after the other, `size` bytes each: a
  /// multiple of 8.
  std::vector<std::byte> read_per_cpu(const char* map, size_t size) const;
  /// Takes all entries out of a hash map; they come as key and value. False if that failed halfway.
  using TakeEntry =
      std::function<void(std::span<const std::byte> key, std::span<const std::byte> value)>;
  bool take_all(const char* map, const TakeEntry& take) const;
  /// The same, but they stay.
  bool for_each(const char* map, const TakeEntry& visit) const;
  /// Deletes an element of a hash map with keys of 32 bits; there need not be one.
  void remove(const char* map, uint32_t key) const;

  /// The memory of a mappable array map, shared with the programs; empty if that failed. It is
  /// there as long as the object.
  std::span<std::byte> memory_of(const char* map);
  /// Puts so many new mappable arrays of one element, of `size` bytes, into the array of maps
  /// `outer`, from index `first` on, in one go: the kernel waits for its programs each time. Their
  /// memory, as above; fewer if there is no more.
  std::vector<std::span<std::byte>> add_arrays(const char* outer, uint32_t first, uint32_t count,
                                               uint32_t size);

 private:
  struct Impl;
  explicit BpfObject(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Reads messages out of a ring map.
class BpfRing {
 public:
  using Take = std::function<void(std::span<const std::byte> message)>;

  /// `object` outlives the ring.
  static Result<BpfRing> open(const BpfObject& object, const char* map, Take take);
  BpfRing(BpfRing&&) noexcept;
  BpfRing& operator=(BpfRing&&) noexcept;
  ~BpfRing();

  /// Becomes readable when the program wants to be heard.
  int poll_fd() const;
  /// Hands out all messages that wait, and not many more: what works on messages may be what is
  /// recorded, and cause them.
  void consume() const;

 private:
  struct Impl;
  explicit BpfRing(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace prof
