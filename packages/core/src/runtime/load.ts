/** @file How busy devices are, as far as this process knows: what AUTO's limits of utilisation are held against. */
import { clock } from './clock.js';

/** Seconds over which the past fades. */
const memory = 1;

let all = 0;
/** Inferences that run now in this process. @internal */
export const inferencesRunning = (): number => all;

/** The inferences of one device. */
export class Load {
  #running = 0;
  /** Share of the time busy, as it was at the last change between idle and busy. */
  #share = 0;
  #since = clock();

  /** An inference begins. */
  enter(): void {
    all++;
    if (this.#running++ === 0) this.#turn(0);
  }
  /** One ended. */
  leave(): void {
    all--;
    if (--this.#running === 0) this.#turn(1);
  }

  /** Inferences that run now. */
  get running(): number {
    return this.#running;
  }
  /** Share of the last second, 0 to 1, in which at least one ran; what lies further back fades. */
  get share(): number {
    return this.#towards(this.#running > 0 ? 1 : 0, clock());
  }

  /** From idle (0) or busy (1) to the other. */
  #turn(was: 0 | 1): void {
    const now = clock();
    this.#share = this.#towards(was, now);
    this.#since = now;
  }
  #towards(state: number, now: number): number {
    return state + (this.#share - state) * Math.exp((this.#since - now) / (memory * 1000));
  }
}

const loads = new Map<string, Load>();

/** The load of a device of this process, by its text. */
export function loadOf(device: string): Load {
  const known = loads.get(device);
  if (known) return known;
  const load = new Load();
  loads.set(device, load);
  return load;
}
