/** @file `npx cuvee`: every command with help, an example, --json, and exit code 0, 1 (the work failed) or 2 (wrong usage). */
import { styleText } from 'node:util';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { CuveeError } from '@cuvee/core';

/** Lines of a help text: what one types, and why. Columns align. */
function examples(...lines: readonly (readonly [command: string, why: string])[]): string {
  const width = Math.max(...lines.map(([command]) => command.length));
  return `\nExamples:\n${lines.map(([command, why]) => `  npx cuvee ${why ? `${command.padEnd(width)}  # ${why}` : command}`).join('\n')}`;
}

/** Commands are loaded when they are run. */
const program = new Command('cuvee')
  .description('Runs, converts, measures and explains neural networks on any device that a plugin provides.')
  .version('0.1.0')
  .configureHelp({
    styleTitle: (title) => styleText('bold', title),
    helpWidth: Math.min(120, process.stdout.columns ?? 120),
  })
  .addHelpText(
    'after',
    `${examples(
      ['devices', 'what can run models here, and what cannot, and why'],
      ['inspect model.onnx', 'inputs, outputs, operations, size'],
      ['run model.onnx', 'one inference on random data'],
      ['explain model.onnx --device CPU', 'what the device made of it'],
    )}

MODEL is an ONNX file (.onnx) or OpenVINO IR (.xml with its .bin). DEVICE is CPU, REFERENCE, or a combination:
AUTO (the best that can), AUTO:GPU,CPU (in this order), HETERO:NPU,CPU (split), MULTI:CPU,GPU (side by side).
Every command has --json: one document on stdout. Progress goes to stderr, and only to a terminal.
Exit code 0: done; 1: the work failed; 2: wrong usage.`,
  )
  .showSuggestionAfterError()
  .exitOverride();

const list = (value: string, before: readonly string[] = []): string[] => [...before, value];
const whole = (value: string): number => {
  const n = Number(value);
  if (!Number.isInteger(n) || n < 0) throw new InvalidArgumentError('it is no whole number');
  return n;
};

const positive = (value: string): number => {
  const n = Number(value);
  if (!(n >= 0)) throw new InvalidArgumentError('it is no number of at least 0');
  return n;
};

program
  .command('devices')
  .description('every device, and each absent one with the reason')
  .option('--properties', 'list every property with type, access, default and value')
  .option('--json', 'one JSON document on stdout')
  .addHelpText(
    'after',
    examples(
      ['devices', 'who is here, and who is not, and why'],
      ['devices --properties', "every device's settings with type and value"],
      ['devices --json', 'for programs'],
    ),
  )
  .action(async (flags: object) => (await import('./commands/devices.js')).devices(flags));

program
  .command('inspect <model>')
  .description('inputs, outputs, operations, parameters, flops')
  .option('--text', 'print the graph')
  .option('--svg <file>', 'draw the graph as a picture')
  .option('--dot <file>', 'write the graph for Graphviz')
  .option('--shape <name=shape>', 'give an input another shape', list, [])
  .option('--json', 'one JSON document on stdout')
  .addHelpText(
    'after',
    examples(
      ['inspect det.onnx', 'inputs, outputs, operations, parameters'],
      ['inspect det.onnx --shape x=[1,3,640,640]', 'flops of that size'],
      ['inspect det.onnx --svg det.svg', 'a picture of the graph: open it in a browser'],
      ['inspect det.onnx --text', 'every node with its shapes'],
    ),
  )
  .action(async (model: string, flags: object) => (await import('./commands/inspect.js')).inspect(model, flags as never));

program
  .command('run <model>')
  .description('runs a model on data: pictures, .npy files, or random numbers')
  .option('--device <device>', 'CPU, AUTO:GPU,CPU, HETERO:NPU,CPU …', 'AUTO')
  .option('--input <name=data>', 'FILE.npy, FILE.png, or random[:seed]', list, [])
  .option('--shape <name=shape>', 'give an input another shape, [1,3,640,640]; dimensions also ?, 960..1200, 960:1200', list, [])
  .option('--config <key=value>', 'a property of the device', list, [])
  .option('--iterations <n>', 'how often', whole, 1)
  .option('--output <dir>', 'write every output as NAME.npy')
  .option('--json', 'one JSON document on stdout')
  .addHelpText(
    'after',
    examples(
      ['run model.onnx', 'random data on the best device'],
      ['run model.onnx --input x=photo.png --output out', 'a picture in, every output as out/NAME.npy'],
      ['run model.onnx --input x=random:7 --iterations 20', 'seeded data, twenty times'],
      [`run model.onnx --shape 'x=[1,3,?,960..1200]' --device CPU`, 'free and bounded dimensions'],
      ['run model.onnx --device CPU --config NUM_STREAMS=2', 'a property of the device'],
    ),
  )
  .action(async (model: string, flags: object) => (await import('./commands/run.js')).run(model, flags as never));

program
  .command('query <model>')
  .description('for each node: the device that runs it, or the reason why not')
  .requiredOption('--device <device>', 'device text')
  .option('--config <key=value>', 'a property of the device', list, [])
  .option('--json', 'one JSON document on stdout')
  .addHelpText(
    'after',
    examples(
      ['query model.onnx --device CPU', 'would it run, and if not, which nodes and why'],
      ['query model.onnx --device HETERO:CPU,REFERENCE', 'for a combination'],
    ),
  )
  .action(async (model: string, flags: object) => (await import('./commands/query.js')).query(model, flags as never));

program
  .command('explain <model>')
  .description('what a device did with a model: fusions, kernels, layouts, or who got what and why')
  .option('--device <device>', 'device text', 'CPU')
  .option('--shape <name=shape>', 'give an input another shape', list, [])
  .option('--config <key=value>', 'a property of the device', list, [])
  .option('--input <name=value>', 'FILE.npy, a picture or random:SEED, for --measure', list, [])
  .option('--measure', "run it: each step's time, and its percentage of what this machine can do, measured now")
  .option('--svg <file>', 'a picture: a bar for each step, by time or by flops; for devices over devices who got what')
  .option('--json', 'one JSON document on stdout')
  .addHelpText(
    'after',
    examples(
      ['explain model.onnx', 'fusions, kernels, layouts, memory on CPU'],
      ['explain model.onnx --shape x=[1,3,640,640] --measure', 'milliseconds and percent of the roofline, step by step'],
      ['explain model.onnx --measure --svg steps.svg', 'the same as a picture'],
      ['explain model.onnx --device AUTO:GPU,CPU', 'who was asked, who refused and why'],
      ['explain model.onnx --device HETERO:CPU,REFERENCE --svg split.svg', 'which part runs where, drawn'],
    ),
  )
  .action(async (model: string, flags: object) => (await import('./commands/explain.js')).explain(model, flags as never));

program
  .command('convert <model>')
  .description('writes OpenVINO IR (.xml and .bin)')
  .option('--output <file>', 'OUT.xml; by default the model’s name in the current folder')
  .option('--output_model <file>', 'the same, as ovc spells it')
  .option('--input <name[shape],…>', 'shapes of inputs, x[1,3,224,224]', list, [])
  .option('--compress_to_fp16 [bool]', 'store f32 constants as f16 (ovc: True unless False is given)')
  .option('--verbose', 'say more')
  .option('--json', 'one JSON document on stdout')
  .addHelpText(
    'after',
    examples(
      ['convert model.onnx --output model.xml', 'model.xml and model.bin'],
      ['convert model.onnx --output half.xml --compress_to_fp16', 'weights in half the space'],
      [`convert model.onnx --output fixed.xml --input 'x[1,3,224,224]'`, 'with a fixed shape'],
    ),
  )
  .action(async (model: string, flags: object) => (await import('./commands/convert.js')).convert(model, flags as never));

program
  .command('benchmark [model]')
  .description('latency and throughput; the flags are those of benchmark_app')
  .option('-m, --path_to_model <model>', 'the model, as benchmark_app spells it')
  .option('-d, --target_device <device>', 'device text', 'AUTO')
  .option('--device <device>', 'the same')
  .optionsGroup('How to run (also -hint, -api, -nireq, -nstreams, -nthreads):')
  .option('--perf_hint <hint>', 'latency, throughput, cumulative_throughput or none', 'latency')
  .option('--api_type <api>', 'sync or async', 'sync')
  .option('--number_infer_requests <n>', 'requests at the same time', whole)
  .option('--number_streams <n>', 'streams of the device', whole)
  .option('--number_threads <n>', 'threads of the device', whole)
  .option('--config <key=value>', 'a property of the device', list, [])
  .optionsGroup('How long (also -niter):')
  .option('--number_iterations <n>', 'iterations; without it, --time decides', whole)
  .option('-t, --time <seconds>', 'how long', whole)
  .optionsGroup('On what data (also -shape):')
  .option('-b, --batch_size <n>', 'first dimension of every input', whole)
  .option('--shape <shapes>', 'x[1,3,224,224] or x=[1,3,224,224]', list, [])
  .option('-i, --input <name=data>', 'FILE.npy or random[:seed]', list, [])
  .optionsGroup('What to report (also -pc, -report_type):')
  .option('--perf_counts', 'time of every step')
  .option('--report_type <type>', 'no_counters, average_counters or detailed_counters')
  .option('--chart <file>', 'draw the latencies as SVG')
  .option('--trace <file>', 'which device did what when, for chrome://tracing or ui.perfetto.dev')
  .option('--json', 'one JSON document on stdout')
  .addHelpText(
    'after',
    examples(
      ['benchmark model.onnx', 'latency of one request after the other, five seconds'],
      ['benchmark model.onnx -d CPU -hint throughput -t 10', 'as many requests as pay off'],
      ['benchmark model.onnx -niter 500 --chart latency.svg', 'a picture of the latencies'],
      ['benchmark model.onnx -niter 50 -pc', 'which steps take the time'],
      ['benchmark model.onnx -d MULTI:CPU,GPU -hint none --trace trace.json', 'who ran what when'],
    ),
  )
  .action(async (model: string | undefined, flags: object) => (await import('./commands/benchmark.js')).benchmark(model, flags as never));

program
  .command('compare <model>')
  .description('runs a model on two devices and compares every output')
  .option('--device <device>', 'the device to check', 'CPU')
  .option('--reference <device>', 'the device to trust', 'REFERENCE')
  .option('--input <name=data>', 'FILE.npy, FILE.png, or random[:seed]', list, [])
  .option('--shape <name=shape>', 'give an input another shape', list, [])
  .option('--layers', 'find the first layer that differs')
  .option('--rtol <x>', 'relative tolerance', positive, 1e-3)
  .option('--atol <x>', 'absolute tolerance, of the largest value', positive, 1e-4)
  .option('--json', 'one JSON document on stdout')
  .addHelpText(
    'after',
    examples(
      ['compare model.onnx', 'CPU against the definitions'],
      ['compare model.onnx --layers', 'the first layer that differs'],
      ['compare half.xml --rtol 1e-2 --input x=photo.npy', 'wider tolerance, own data'],
    ),
  )
  .action(async (model: string, flags: object) => (await import('./commands/compare.js')).compare(model, flags as never));

/** benchmark_app's flags of several letters with one dash, which the parser does not know. */
const longForms: Readonly<Record<string, string>> = {
  '-hint': '--perf_hint',
  '-niter': '--number_iterations',
  '-nireq': '--number_infer_requests',
  '-nstreams': '--number_streams',
  '-nthreads': '--number_threads',
  '-api': '--api_type',
  '-shape': '--shape',
  '-pc': '--perf_counts',
  '-report_type': '--report_type',
};

for (const command of program.commands) {
  command.exitOverride();
  for (const option of command.options) if (Array.isArray(option.defaultValue)) option.defaultValueDescription = 'none; repeatable';
}

try {
  await program.parseAsync(process.argv.map((a) => longForms[a] ?? a));
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    console.error(error instanceof CuveeError ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exitCode = error instanceof CuveeError && error.code === 'ARGUMENT_INVALID' ? 2 : 1;
  }
}
