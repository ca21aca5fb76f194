/** @file A session's profile: what every step of every run took, in the trace format that browsers and Perfetto open. */
import { writeFile, type NodeProfile } from '@cuvee/core';

interface TraceEvent {
  readonly cat: 'Node' | 'Session';
  readonly name: string;
  readonly ph: 'X';
  readonly pid: 0;
  readonly tid: 0;
  /** Microseconds since the session was made. */
  readonly ts: number;
  readonly dur: number;
  readonly args: Readonly<Record<string, string>>;
}

/** Collects events and writes them once. */
export class Profile {
  readonly #prefix: string;
  readonly #start = performance.now();
  readonly #events: TraceEvent[] = [];
  #written = false;

  constructor(prefix = 'onnxruntime_profile_') {
    this.#prefix = prefix;
  }

  /** A run that began at `began` (`performance.now()`) and has just ended. Steps are set one after the other, ending now. */
  add(began: number, steps: readonly NodeProfile[]): void {
    const from = (began - this.#start) * 1000;
    const whole = (performance.now() - began) * 1000;
    this.#events.push({ cat: 'Session', name: 'model_run', ph: 'X', pid: 0, tid: 0, ts: from, dur: whole, args: {} });
    let at = from;
    for (const { name, type, kernel, microseconds } of steps) {
      const args = { op_name: type, kernel };
      this.#events.push({ cat: 'Node', name, ph: 'X', pid: 0, tid: 0, ts: at, dur: microseconds, args });
      at += microseconds;
    }
  }

  /** Writes `<prefix><time>.json`; does nothing the second time. Gives the path. Throws where files cannot be written. */
  write(): string | undefined {
    if (this.#written) return undefined;
    this.#written = true;
    const path = `${this.#prefix}${new Date().toISOString().replaceAll(':', '-').replace('T', '_').slice(0, 23)}.json`;
    writeFile(path, [new TextEncoder().encode(JSON.stringify(this.#events))]);
    return path;
  }
}
