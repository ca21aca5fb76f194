/**
 * @file What happens, for those who listen: lines on stderr by `LOG_LEVEL` or the environment variable `CUVEE_LOG`, and Node's
 * `diagnostics_channel` under the names `cuvee:<kind>:start` and `cuvee:<kind>`. Nothing is built while nobody listens.
 */
import { clock } from './clock.js';
import type { Awaitable } from '../device/contract.js';
import { attempt } from './awaitable.js';
import { optionalBuiltin } from './files.js';

/** Levels by rank: each shows what those before it show. */
export const logLevels = ['LOG_NONE', 'LOG_ERROR', 'LOG_WARNING', 'LOG_INFO', 'LOG_DEBUG', 'LOG_TRACE'] as const;

/** What is told of: reading a model, compiling it, taking it from a blob or writing one, one inference, its run on a device below. */
export type EventKind = 'read' | 'compile' | 'import' | 'export' | 'infer' | 'run';

/**
 * What a meta-device tells of the devices below: it chose one, went over to another that is better, went to another since one failed,
 * or lost one.
 */
export type DeviceEventKind = 'selected' | 'switched' | 'fallback' | 'lost';

/** The message of `cuvee:selected` and the like. */
export interface DeviceEvent {
  readonly kind: DeviceEventKind;
  /** Friendly name of the model. */
  readonly model: string;
  /** The meta-device that tells. */
  readonly by: string;
  /** Who it is about: the one that serves from now on, or the one that was lost. */
  readonly device: string;
  /** Who served before. */
  readonly from?: string | undefined;
  readonly reason: string;
  readonly error?: unknown;
}

/** The message of a channel: the same object at the start and at the end. */
export interface EventMessage {
  readonly kind: EventKind;
  /** Friendly name of the model, or the path that it is read from. */
  readonly model: string;
  /** Device text, where there is one. */
  readonly device?: string | undefined;
  /** What else belongs to the kind: shapes of the inputs, bytes. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  /** Set at the end. */
  milliseconds?: number;
  /** Set at the end, when it failed. */
  error?: unknown;
}

interface Channel {
  readonly hasSubscribers: boolean;
  publish(message: unknown): void;
}
interface Channels {
  readonly start: Channel;
  readonly end: Channel;
}
const none: Channel = { hasSubscribers: false, publish: () => undefined };
const kinds: readonly EventKind[] = ['read', 'compile', 'import', 'export', 'infer', 'run'];
let opened: Readonly<Record<EventKind, Channels>> | undefined;

type Diagnostics = { channel(name: string): Channel };
const diagnostics = (): Diagnostics | undefined => optionalBuiltin<Diagnostics>('node:diagnostics_channel');

/** Tells of a device, on its channel and, from LOG_WARNING (what failed) or LOG_INFO (what was chosen) on, as a line. */
export function tell(event: DeviceEvent, level: number): void {
  const channel = diagnostics()?.channel(`cuvee:${event.kind}`);
  if (channel?.hasSubscribers) channel.publish(event);
  const bad = event.kind === 'fallback' || event.kind === 'lost';
  if (Math.max(level, (fromEnvironment ??= environmentRank())) < (bad ? 2 : 3)) return;
  const from = event.from === undefined ? '' : ` from ${event.from}`;
  write(bad ? 'WARNING' : 'INFO', `${event.by} ${event.kind} ${event.device}${from} for ${JSON.stringify(event.model)}: ${event.reason}`);
}

function channels(): Readonly<Record<EventKind, Channels>> {
  const module = diagnostics();
  const open = (name: string): Channel => module?.channel(`cuvee:${name}`) ?? none;
  opened ??= Object.fromEntries(kinds.map((kind) => [kind, { start: open(`${kind}:start`), end: open(kind) }])) as Record<
    EventKind,
    Channels
  >;
  return opened;
}

/** Rank of a level's word, `LOG_INFO` or `info`; 0 for what is none. */
export const rankOf = (word: unknown): number =>
  Math.max(
    0,
    logLevels.findIndex((level) => level === String(word).toUpperCase() || level === `LOG_${String(word).toUpperCase()}`),
  );
const environmentRank = (): number =>
  rankOf((globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env?.CUVEE_LOG);
let fromEnvironment: number | undefined;

/** From which rank on a kind is logged when it went well. */
const shownFrom: Readonly<Record<EventKind, number>> = { read: 3, compile: 3, import: 3, export: 3, infer: 4, run: 5 };

/** Begins something; undefined when nobody listens. `about` is asked only then. Call the result at the end, with the error if it failed. */
export function began(kind: EventKind, level: number, about: () => Omit<EventMessage, 'kind'>): ((error?: unknown) => void) | undefined {
  const { start, end } = (opened ?? channels())[kind];
  const rank = Math.max(level, (fromEnvironment ??= environmentRank()));
  if (rank === 0 && !start.hasSubscribers && !end.hasSubscribers) return undefined;
  const message: EventMessage = { kind, ...about() };
  if (start.hasSubscribers) start.publish(message);
  if (rank >= 5) write('TRACE', `${describe(message)} begins`);
  const since = clock();
  return (error) => {
    message.milliseconds = clock() - since;
    if (error !== undefined) message.error = error;
    if (end.hasSubscribers) end.publish(message);
    if (error !== undefined && rank >= 1)
      write('ERROR', `${describe(message)} failed: ${error instanceof Error ? error.message : String(error)}`);
    else if (error === undefined && rank >= shownFrom[kind])
      write(['INFO', 'DEBUG', 'TRACE'][shownFrom[kind] - 3] as string, `${describe(message)} ${message.milliseconds.toFixed(1)} ms`);
  };
}

/** Work between a begin and an end. */
export function watched<T>(
  kind: EventKind,
  level: number,
  about: () => Omit<EventMessage, 'kind'>,
  work: () => Awaitable<T>,
): Awaitable<T> {
  const ended = began(kind, level, about);
  if (!ended) return work();
  return attempt(
    work,
    (value): T => {
      ended();
      return value;
    },
    (error) => {
      ended(error);
      throw error;
    },
  );
}

const describe = ({ kind, model, device, details }: EventMessage): string =>
  [kind, JSON.stringify(model), device, ...Object.entries(details ?? {}).map(([k, v]) => `${k} ${String(v)}`)].filter(Boolean).join(' ');

/** One line on stderr, so that stdout stays a program's own; in a browser on its console. */
function write(level: string, text: string): void {
  const line = `cuvee ${new Date().toISOString()} ${level} ${text}`;
  const { process } = globalThis as { process?: { stderr?: { write(text: string): unknown } } };
  if (process?.stderr) process.stderr.write(`${line}\n`);
  else globalThis.console.error(line);
}
