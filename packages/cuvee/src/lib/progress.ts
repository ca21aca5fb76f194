/** @file What long work shows while it goes on: one line on stderr, and only where stderr is a terminal. */

const frames = [...'⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'];
const barWidth = 24;

/** One line of progress. All calls are silent where nobody watches. */
export interface Progress {
  /** The next stage begins: a spinner, or with `total` a bar that `step` fills. */
  stage(text: string, total?: number): void;
  /** `count` of the stage's total are done. */
  step(count?: number): void;
  /** Takes the line away. Call it before printing results. */
  end(): void;
}

/** Where the line goes: what a terminal's stderr offers. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** `████████░░░░` */
export function bar(share: number, width = barWidth): string {
  const filled = Math.round(width * Math.min(1, Math.max(0, share)));
  return '█'.repeat(filled) + '░'.repeat(width - filled);
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** The line as it looks `ms` after its stage began; cut to `columns`. */
export function line(text: string, done: number, total: number | undefined, ms: number, columns = 80): string {
  const left =
    total === undefined
      ? `${frames[Math.floor(ms / 100) % frames.length]} ${text}`
      : `${text} ${bar(done / total)} ${Math.min(100, Math.floor((100 * done) / total))} %`;
  const remaining = total !== undefined && done > 0 && done < total ? `, ${seconds((ms / done) * (total - done))} left` : '';
  return [...`${left}  ${seconds(ms)}${remaining}`].slice(0, Math.max(10, columns - 1)).join('');
}

/** A progress line on `screen`: silent when it is no terminal, in CI, or on a dumb terminal. */
export function progress(screen: Screen = process.stderr, env: Readonly<Record<string, string | undefined>> = process.env): Progress {
  const shown = screen.isTTY === true && !env.CI && env.TERM !== 'dumb';
  if (!shown) return { stage: () => undefined, step: () => undefined, end: () => undefined };
  let [text, done, total, begun, painted]: [string, number, number | undefined, number, number] = ['', 0, undefined, 0, 0];
  let timer: NodeJS.Timeout | undefined;
  const paint = (): void => {
    painted = performance.now();
    screen.write(`\r\x1b[2K${line(text, done, total, painted - begun, screen.columns || 80)}`);
  };
  return {
    stage(next, of) {
      [text, done, total, begun] = [next, 0, of, performance.now()];
      timer ??= setInterval(paint, 100).unref();
      paint();
    },
    step(count = 1) {
      done += count;
      if (performance.now() - painted > 50) paint();
    },
    end() {
      clearInterval(timer);
      timer = undefined;
      screen.write('\r\x1b[2K');
    },
  };
}

/** Runs `work` with a progress line, which is gone when it ends, also by an error. */
export async function withProgress<T>(work: (shown: Progress) => Promise<T>): Promise<T> {
  const shown = progress();
  try {
    return await work(shown);
  } finally {
    shown.end();
  }
}
