/**
 * @file The measuring protocol, for runners in JavaScript: one JSON object per line on stdin, one answer per line on stdout.
 * `load` → load_ms, first_ms, engine, base_mb; `run {n, times}` → ms, n figures, each of one inference or the mean of so many; `stream {seconds, requests}` → count, seconds;
 * `cycle {inputs, n}` → ms, each inference with the next of several inputs; `release` → rss_mb two seconds after all was freed;
 * `outputs {dir}` → raw files; `mem` → rss_mb, peak_mb; `quit`.
 */
// Taken, not imported: an import of `fs` lists its exports, for which it loads all of Node's streams, and a fresh start is measured.
const { mkdtempSync, read, readFileSync, writeFileSync, writeSync } = process.getBuiltinModule('node:fs');

/** Element types of the protocol and the arrays that hold their files; 16-bit floats are bit patterns. */
export const arrays = {
  f64: Float64Array,
  f32: Float32Array,
  f16: Uint16Array,
  bf16: Uint16Array,
  i64: BigInt64Array,
  i32: Int32Array,
  i16: Int16Array,
  i8: Int8Array,
  u64: BigUint64Array,
  u32: Uint32Array,
  u16: Uint16Array,
  u8: Uint8Array,
  bool: Uint8Array,
};

/** A raw file as the array of its type. */
function readInput({ file, dtype, shape }) {
  const Elements = arrays[dtype];
  if (!Elements) throw new Error(`element type ${dtype} is not part of the protocol`);
  const bytes = readFileSync(file);
  // Small files come from Node's pool, at any offset.
  const own = bytes.byteOffset % Elements.BYTES_PER_ELEMENT === 0 ? bytes : new Uint8Array(bytes);
  return { dtype, shape, data: new Elements(own.buffer, own.byteOffset, own.byteLength / Elements.BYTES_PER_ELEMENT) };
}

/** Resident memory now and at its highest, in MB, as Linux counts it. */
function memory() {
  const status = readFileSync('/proc/self/status', 'utf8');
  const megabytes = (key) => Number(new RegExp(`${key}:\\s+(\\d+)`).exec(status)?.[1] ?? Number.NaN) / 1024;
  return { rss_mb: megabytes('VmRSS'), peak_mb: megabytes('VmHWM') };
}

/** The lines that come in by a file descriptor; `process.stdin` and readline would do the same, and take 5 ms to load. */
async function* lines(fd) {
  const buffer = Buffer.allocUnsafe(1 << 16);
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const n = await new Promise((resolve, reject) =>
      read(fd, buffer, 0, buffer.length, null, (error, length) => (error && error.code !== 'EOF' ? reject(error) : resolve(length ?? 0))),
    );
    if (n === 0) return;
    const whole = (rest + decoder.decode(buffer.subarray(0, n), { stream: true })).split('\n');
    rest = whole.pop();
    yield* whole;
  }
}

/** Writes an answer, for the same reason not by `process.stdout`. */
function answered(answer) {
  const line = Buffer.from(`${JSON.stringify(answer)}\n`);
  for (let at = 0; at < line.length; )
    try {
      at += writeSync(1, line, at);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
}

/** Milliseconds; `performance` takes one to load. */
const now = () => Number(process.hrtime.bigint()) / 1e6;

/**
 * Serves an engine: `{ version, load({ model, inputs, threads, config }), infer(), outputs() }`, where inputs are
 * name -> { dtype, shape, data } and outputs a list of { name, dtype, shape, data }; where there is one without a promise, `call()`; where it can keep several inferences in
 * flight, `lanes(n)` too: n functions, each of which starts one and resolves when it is done; `use(inputs)` takes other inputs, `release()`
 * frees all.
 */
export async function serve(engine) {
  const timed = async (work) => {
    const start = now();
    await work();
    return now() - start;
  };
  const commands = {
    async load({ model, inputs, threads, config = {} }) {
      const read = Object.fromEntries(Object.entries(inputs).map(([name, described]) => [name, readInput(described)]));
      const base_mb = process.memoryUsage.rss() / 2 ** 20; // a tenth of the time that /proc takes, in which a start is measured
      const load_ms = await timed(() => engine.load({ model, inputs: read, threads, config }));
      return { load_ms, first_ms: await timed(engine.infer), base_mb, engine: engine.version() };
    },
    async run({ n, times = 1 }) {
      const ms = [];
      const infer = engine.call ?? engine.infer;
      const several = async () => {
        for (let i = 0; i < times; i++) {
          const later = infer();
          if (later) await later;
        }
      };
      for (let i = 0; i < n; i++) ms.push(times === 1 ? await timed(engine.infer) : (await timed(several)) / times);
      return { ms };
    },
    async stream({ seconds, requests }) {
      const lanes = engine.lanes(requests);
      const begin = now();
      let count = 0;
      await Promise.all(
        lanes.map(async (infer) => {
          while (now() - begin < seconds * 1000) {
            await infer();
            count++;
          }
        }),
      );
      return { count, seconds: (now() - begin) / 1000 };
    },
    async cycle({ inputs, n }) {
      const all = inputs.map((one) => Object.fromEntries(Object.entries(one).map(([name, described]) => [name, readInput(described)])));
      const ms = [];
      for (let i = 0; i < n; i++) {
        engine.use(all[i % all.length]);
        ms.push(await timed(engine.infer));
      }
      return { ms };
    },
    async release() {
      engine.release();
      await new Promise((resolve) => setTimeout(resolve, 2000));
      return memory();
    },
    outputs({ dir = mkdtempSync(`${process.getBuiltinModule('node:os').tmpdir()}/cuvee-bench-`) }) {
      const outputs = engine.outputs().map(({ name, dtype, shape, data }, index) => {
        const file = `${dir}/output${index}.bin`;
        writeFileSync(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
        return { name, dtype, shape: [...shape], file };
      });
      return { outputs };
    },
    mem: memory,
  };
  for await (const line of lines(0)) {
    const { cmd, ...message } = JSON.parse(line);
    if (cmd === 'quit') process.exit(0);
    let answer;
    try {
      answer = commands[cmd] ? await commands[cmd](message) : { error: `unknown command ${cmd}` };
    } catch (error) {
      answer = { error: error instanceof Error ? error.message : String(error) };
    }
    answered(answer);
  }
}
