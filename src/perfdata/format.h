// The numbers of the perf.data format: magics, record types, feature bits, call-chain markers.
// Source: the kernel's tools/perf/Documentation/perf.data-file-format.txt and
// include/uapi/linux/perf_event.h. Used by everything in perfdata and by the recorder.
#pragma once

#include <linux/perf_event.h>

#include <cstddef>
#include <cstdint>

namespace prof {

inline constexpr uint64_t kMagic = 0x32454c4946524550;         // "PERFILE2", little endian
inline constexpr uint64_t kMagicSwapped = 0x50455246494c4532;  // the same from the other byte order
inline constexpr uint64_t kMagicV1 = 0x454c494646524550;       // "PERFFILE", before Linux 3.7
inline constexpr size_t kFileHeaderSize = 104;
inline constexpr size_t kPipeHeaderSize = 16;
inline constexpr size_t kRecordHeaderSize = 8;
inline constexpr size_t kFeatureBits = 256;

/// {offset, size} of a part of the file, in bytes.
struct FileSection {
  uint64_t offset = 0;
  uint64_t size = 0;
};

// Record types. Kernel ones first, perf's own from 64 on.
enum RecordType : uint32_t {
  kRecordMmap = 1,
  kRecordLost = 2,
  kRecordComm = 3,
  kRecordExit = 4,
  kRecordThrottle = 5,
  kRecordUnthrottle = 6,
  kRecordFork = 7,
  kRecordRead = 8,
  kRecordSample = 9,
  kRecordMmap2 = 10,
  kRecordAux = 11,
  kRecordItraceStart = 12,
  kRecordLostSamples = 13,
  kRecordSwitch = 14,
  kRecordSwitchCpuWide = 15,
  kRecordNamespaces = 16,
  kRecordKsymbol = 17,
  kRecordBpfEvent = 18,
  kRecordCgroup = 19,
  kRecordTextPoke = 20,
  kRecordAuxOutputHwId = 21,
  kRecordCallchainDeferred = 22,
  kRecordHeaderAttr = 64,
  kRecordHeaderEventType = 65,
  kRecordHeaderTracingData = 66,
  kRecordHeaderBuildId = 67,
  kRecordFinishedRound = 68,
  kRecordIdIndex = 69,
  kRecordAuxtraceInfo = 70,
  kRecordAuxtrace = 71,
  kRecordAuxtraceError = 72,
  kRecordThreadMap = 73,
  kRecordCpuMap = 74,
  kRecordStatConfig = 75,
  kRecordStat = 76,
  kRecordStatRound = 77,
  kRecordEventUpdate = 78,
  kRecordTimeConv = 79,
  kRecordHeaderFeature = 80,
  kRecordCompressed = 81,
  kRecordFinishedInit = 82,
  kRecordCompressed2 = 83,
  kRecordBpfMetadata = 84,
  kRecordSchedstatCpu = 85,
  kRecordSchedstatDomain = 86,
  // simpleperf's own (AOSP, system/extras/simpleperf/record.h). Their size may have 32 bits, with
  // the upper half where other records have `misc`.
  kRecordSimpleperf = 32768,  // the first that may be one
  kRecordKernelSymbol = 32769,
  kRecordDso = 32770,
  kRecordSymbol = 32771,
  kRecordSplit = 32772,
  kRecordSplitEnd = 32773,
  kRecordEventId = 32774,
  kRecordCallChain = 32775,
  kRecordUnwindingResult = 32776,
  kRecordTracingData = 32777,
  kRecordDebug = 32778,
};

// Header feature bits.
enum Feature : uint32_t {
  kFeatureTracingData = 1,
  kFeatureBuildId = 2,
  kFeatureHostname = 3,
  kFeatureOsRelease = 4,
  kFeatureVersion = 5,
  kFeatureArch = 6,
  kFeatureNrCpus = 7,
  kFeatureCpuDesc = 8,
  kFeatureCpuId = 9,
  kFeatureTotalMem = 10,
  kFeatureCmdline = 11,
  kFeatureEventDesc = 12,
  kFeatureCpuTopology = 13,
  kFeatureNumaTopology = 14,
  kFeatureBranchStack = 15,
  kFeaturePmuMappings = 16,
  kFeatureGroupDesc = 17,
  kFeatureAuxtrace = 18,
  kFeatureStat = 19,
  kFeatureCache = 20,
  kFeatureSampleTime = 21,
  kFeatureMemTopology = 22,
  kFeatureClockId = 23,
  kFeatureDirFormat = 24,
  kFeatureBpfProgInfo = 25,
  kFeatureBpfBtf = 26,
  kFeatureCompressed = 27,
  kFeatureCpuPmuCaps = 28,
  kFeatureClockData = 29,
  kFeatureHybridTopology = 30,
  kFeaturePmuCaps = 31,
  kFeatureCpuDomainInfo = 32,
  kFeatureEMachine = 33,
  kFeatureClnSize = 34,
  // simpleperf's own (record_file_format.h).
  kFeatureFile = 128,
  kFeatureMetaInfo = 129,
  kFeatureDebugUnwind = 130,
  kFeatureDebugUnwindFile = 131,
  kFeatureFile2 = 132,
  kFeatureEtmBranchList = 133,
  kFeatureInitMap = 134,
  // prof's own: names and chains for machines without the binaries. perf skips bits it does not
  // know.
  kFeatureEmbedded = 200,
};

// Markers inside call chains (PERF_CONTEXT_*): values from kContextMax up are no addresses.
inline constexpr uint64_t kContextHypervisor = static_cast<uint64_t>(-32);
inline constexpr uint64_t kContextKernel = static_cast<uint64_t>(-128);
inline constexpr uint64_t kContextUser = static_cast<uint64_t>(-512);
inline constexpr uint64_t kContextUserDeferred = static_cast<uint64_t>(-640);
inline constexpr uint64_t kContextGuest = static_cast<uint64_t>(-2048);
inline constexpr uint64_t kContextGuestKernel = static_cast<uint64_t>(-2176);
inline constexpr uint64_t kContextGuestUser = static_cast<uint64_t>(-2560);
inline constexpr uint64_t kContextMax = static_cast<uint64_t>(-4095);

// misc bits of record headers.
inline constexpr uint16_t kMiscCpumodeMask = 7;
enum class CpuMode : uint8_t {
  Unknown = 0,
  Kernel = 1,
  User = 2,
  Hypervisor = 3,
  GuestKernel = 4,
  GuestUser = 5,
};
inline constexpr uint16_t kMiscMmapData = 1 << 13;   // MMAP*: not executable
inline constexpr uint16_t kMiscCommExec = 1 << 13;   // COMM: from execve
inline constexpr uint16_t kMiscForkExec = 1 << 13;   // FORK: perf's own, of a thread before exec
inline constexpr uint16_t kMiscSwitchOut = 1 << 13;  // SWITCH*
inline constexpr uint16_t kMiscSwitchOutPreempt = 1 << 14;
inline constexpr uint16_t kMiscMmapBuildId = 1 << 14;     // MMAP2: build id instead of inode
inline constexpr uint16_t kMiscBuildIdSize = 1 << 15;     // build-id table: size byte is valid
inline constexpr uint16_t kMiscLostSamplesBpf = 1 << 15;  // LOST_SAMPLES: dropped by a filter

// MMAP2: the protection bit by which simpleperf marks code that a JIT compiler made; the symbols of
// such a file have the addresses of the process (record.h, PROT_JIT_SYMFILE_MAP).
inline constexpr uint32_t kProtJitSymbolFile = 0x4000;

/// PERF_FORMAT_LOST, newer than the headers we build with.
inline constexpr uint64_t kReadFormatLost = 1u << 4;

}  // namespace prof
