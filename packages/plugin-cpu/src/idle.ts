/** @file Memory that nobody uses for a while goes back to the system. */

/** Calls `rest` when `used` was not called for `milliseconds`; a process that has nothing else to do does not wait for it. */
export class Idle {
  readonly #milliseconds: number;
  readonly #rest: () => void;
  #last = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(milliseconds: number, rest: () => void) {
    this.#milliseconds = milliseconds;
    this.#rest = rest;
  }

  used(): void {
    if (this.#milliseconds === 0) return;
    this.#last = Date.now();
    if (this.#timer === undefined) this.#wait(this.#milliseconds);
  }

  #wait(milliseconds: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const left = this.#last + this.#milliseconds - Date.now();
      if (left > 0) this.#wait(left);
      else this.#rest();
    }, milliseconds);
    this.#timer.unref();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
