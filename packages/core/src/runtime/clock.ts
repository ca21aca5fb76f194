/** @file The time, for durations. */

const { process } = globalThis as { process?: { hrtime?: () => [seconds: number, nanoseconds: number] } };

/** Milliseconds since some moment. In Node not by `performance`: that takes Node longer to load than the rest of what a cached start needs of it. */
export const clock = (): number => {
  if (!process?.hrtime) return performance.now();
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
};
