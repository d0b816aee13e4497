// What the machine has, and what that means for training. The limits are rules of thumb; the plan of a run measures.
import type { AppInfo } from '../../bridge';
import { bytes, count } from '../../format';
import { t } from '../../text';

export interface Fact {
  name: string;
  value: string;
  /** A state of `t.status`. */
  status: 'ok' | 'limited' | 'missing' | 'unused' | 'unknown';
  meaning: string;
}

/** Below this many threads even small models train slowly. */
const THREADS = 4;
/** With this much memory a model of about a billion parameters can be trained. */
const MEMORY_BYTES = 12e9;
/** Room for a model, its adapters and a run. */
const DISK_BYTES = 10e9;

export function facts(info: AppInfo): Fact[] {
  const { home } = t;
  const cpuOk = info.threads >= THREADS;
  return [
    {
      name: home.cpu,
      value: [info.cpu, home.threads(count(info.threads))].filter(Boolean).join(', '),
      status: cpuOk ? 'ok' : 'limited',
      meaning: cpuOk ? home.meaning.cpuOk : home.meaning.cpuLimited,
    },
    memory(info),
    {
      name: home.gpu,
      value: info.gpu ?? '',
      status: 'unused',
      meaning: info.gpu === null ? home.meaning.gpuNone : home.meaning.gpuUnused,
    },
    disk(info),
    {
      name: home.worker,
      // Settings shows where it is.
      value: info.cli_path?.split(/[\\/]/).at(-1) ?? '',
      status: info.cli_path === null ? 'missing' : 'ok',
      meaning: info.cli_path === null ? home.meaning.workerMissing : home.meaning.workerOk,
    },
  ];
}

function memory(info: AppInfo): Fact {
  const { home } = t;
  if (info.memory_bytes === null)
    return { name: home.memory, value: '', status: 'unknown', meaning: home.meaning.memoryUnknown };
  const ok = info.memory_bytes >= MEMORY_BYTES;
  return {
    name: home.memory,
    value:
      info.memory_free_bytes === null
        ? bytes(info.memory_bytes)
        : home.ofMemory(bytes(info.memory_free_bytes), bytes(info.memory_bytes)),
    status: ok ? 'ok' : 'limited',
    meaning: ok ? home.meaning.memoryOk : home.meaning.memoryLimited,
  };
}

function disk(info: AppInfo): Fact {
  const { home } = t;
  if (info.disk_free_bytes === null)
    return { name: home.disk, value: '', status: 'unknown', meaning: home.meaning.diskUnknown };
  const ok = info.disk_free_bytes >= DISK_BYTES;
  return {
    name: home.disk,
    value: home.free(bytes(info.disk_free_bytes)),
    status: ok ? 'ok' : 'limited',
    meaning: ok ? home.meaning.diskOk : home.meaning.diskLimited,
  };
}
