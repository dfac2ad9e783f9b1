#include "perfdata/decode.h"

namespace prof {

const char* record_type_name(uint32_t type) {
  switch (type) {
    case kRecordMmap:
      return "MMAP";
    case kRecordLost:
      return "LOST";
    case kRecordComm:
      return "COMM";
    case kRecordExit:
      return "EXIT";
    case kRecordThrottle:
      return "THROTTLE";
    case kRecordUnthrottle:
      return "UNTHROTTLE";
    case kRecordFork:
      return "FORK";
    case kRecordRead:
      return "READ";
    case kRecordSample:
      return "SAMPLE";
    case kRecordMmap2:
      return "MMAP2";
    case kRecordAux:
      return "AUX";
    case kRecordItraceStart:
      return "ITRACE_START";
    case kRecordLostSamples:
      return "LOST_SAMPLES";
    case kRecordSwitch:
      return "SWITCH";
    case kRecordSwitchCpuWide:
      return "SWITCH_CPU_WIDE";
    case kRecordNamespaces:
      return "NAMESPACES";
    case kRecordKsymbol:
      return "KSYMBOL";
    case kRecordBpfEvent:
      return "BPF_EVENT";
    case kRecordCgroup:
      return "CGROUP";
    case kRecordTextPoke:
      return "TEXT_POKE";
    case kRecordAuxOutputHwId:
      return "AUX_OUTPUT_HW_ID";
    case kRecordCallchainDeferred:
      return "CALLCHAIN_DEFERRED";
    case kRecordHeaderAttr:
      return "ATTR";
    case kRecordHeaderEventType:
      return "EVENT_TYPE";
    case kRecordHeaderTracingData:
      return "TRACING_DATA";
    case kRecordHeaderBuildId:
      return "BUILD_ID";
    case kRecordFinishedRound:
      return "FINISHED_ROUND";
    case kRecordIdIndex:
      return "ID_INDEX";
    case kRecordAuxtraceInfo:
      return "AUXTRACE_INFO";
    case kRecordAuxtrace:
      return "AUXTRACE";
    case kRecordAuxtraceError:
      return "AUXTRACE_ERROR";
    case kRecordThreadMap:
      return "THREAD_MAP";
    case kRecordCpuMap:
      return "CPU_MAP";
    case kRecordStatConfig:
      return "STAT_CONFIG";
    case kRecordStat:
      return "STAT";
    case kRecordStatRound:
      return "STAT_ROUND";
    case kRecordEventUpdate:
      return "EVENT_UPDATE";
    case kRecordTimeConv:
      return "TIME_CONV";
    case kRecordHeaderFeature:
      return "FEATURE";
    case kRecordCompressed:
      return "COMPRESSED";
    case kRecordFinishedInit:
      return "FINISHED_INIT";
    case kRecordCompressed2:
      return "COMPRESSED2";
    case kRecordBpfMetadata:
      return "BPF_METADATA";
    case kRecordSchedstatCpu:
      return "SCHEDSTAT_CPU";
    case kRecordSchedstatDomain:
      return "SCHEDSTAT_DOMAIN";
    case kRecordKernelSymbol:
      return "KERNEL_SYMBOL";
    case kRecordDso:
      return "DSO";
    case kRecordSymbol:
      return "SYMBOL";
    case kRecordSplit:
      return "SPLIT";
    case kRecordSplitEnd:
      return "SPLIT_END";
    case kRecordEventId:
      return "EVENT_ID";
    case kRecordCallChain:
      return "CALLCHAIN";
    case kRecordUnwindingResult:
      return "UNWINDING_RESULT";
    case kRecordTracingData:
      return "TRACING_DATA";
    case kRecordDebug:
      return "DEBUG";
    default:
      return nullptr;
  }
}

std::string_view cpu_mode_name(CpuMode mode) {
  switch (mode) {
    case CpuMode::Kernel:
      return "kernel";
    case CpuMode::User:
      return "user";
    case CpuMode::Hypervisor:
      return "hypervisor";
    case CpuMode::GuestKernel:
      return "guest_kernel";
    case CpuMode::GuestUser:
      return "guest_user";
    default:
      return "unknown";
  }
}

}  // namespace prof
