/**
 * @file Cuts the script of a package in two: what every process runs, and what only those run that read, change or compile a graph. The cut goes
 * between modules, by the table below. Each part gives the other what it imports from it; `start` of core loads the second
 * when something of it is first touched.
 */
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** Modules of the second part, as paths below `src`. While the first part starts nothing of them may be touched. */
const second = {
  '@cuvee/core':
    /^(ops\/(?!(op|attributes|shape-text|parameter)\.ts)|opset\/|rewrite\/|passes\/|ir-xml\/|preprocess\/|ir\/(estimate|exchange|graph|infer|interpret|patch|print|split)\.ts|shape\/(index|broadcast|join|lower|origins|program|reshape|slice|values|window)\.ts|tensor\/(npy|picture)\.ts)/,
  '@cuvee/plugin-cpu': /^(compile|lower|fuse|ops)\/|^(specialised|explain|batch)\.ts/,
};

/** Packages whose whole script is for graphs. */
const graphs = ['@cuvee/frontend-onnx'];

/**
 * Has what is imported from packages of the house taken from them at once, into variables: `package.name` at each use is a search in a large table. It would
 * start the second parts of those packages, so it is for scripts that want them anyway.
 */
const taking = (files) => ({
  name: 'taking',
  setup(build) {
    build.onResolve({ filter: /^@cuvee\// }, ({ path, namespace }) =>
      namespace === 'house' ? { path, external: true } : { path, namespace: 'house' },
    );
    build.onLoad({ filter: /.*/, namespace: 'house' }, ({ path }) => {
      const lists = files.flatMap((file) => [
        ...readFileSync(file, 'utf8').matchAll(new RegExp(`^import\\s*{([^}]*)}\\s*from\\s*'${path}';`, 'gm')),
      ]);
      const names = lists.flatMap(([, list]) => list.split(',').map((one) => one.trim().replace(/\s+as\s.*/, '')));
      const values = [...new Set(names.filter((one) => one !== '' && !one.startsWith('type ')))];
      return { contents: `export const { ${values.join(', ')} } = require('${path}');` };
    });
  },
});

/** Statements that pass on another module's exports. */
const passedOn = /^export\s[^;'"]*from\s+'([^']+)';/gm;

/** `import { a as $0_1, … }` of all exports of some modules, and an expression that gives them by module and name. */
function exchange(modules, namesOf) {
  const imports = [];
  const given = modules.map((path, i) => {
    const names = namesOf(path);
    imports.push(`import { ${names.map((name, k) => `${name} as $${i}_${k}`).join(', ')} } from './${path}';`);
    return `'#${path}': { ${names.map((name, k) => `${name}: $${i}_${k}`).join(', ')} }`;
  });
  return { imports: imports.join('\n'), expression: `() => ({ ${given.join(',\n')} })` };
}

/** An object that has the names, as plain properties: esbuild's own are getters, and each use of another package's function would call one. */
const objectOf = (names) => `{ ${names.map((name) => (name === 'default' ? 'default: $default' : name)).join()} }`;
const imported = (names, source) =>
  names.length === 0
    ? `import '${source}';`
    : `import { ${names.map((name) => (name === 'default' ? 'default as $default' : name)).join()} } from '${source}';`;

/**
 * What the script of a package exports, by `assign`. `built`: esbuild's account of the package as a module. Gives esbuild's options for the parts, and
 * the names that only the second exports.
 */
export async function partsOf({ name, folder, source, built, inputs, options, esbuild }) {
  const pattern = second[name];
  if (!pattern) {
    const contents = `${imported(built.exports, `./${source}`)} assign(${objectOf(built.exports)});`;
    const files = Object.keys(inputs).map((path) => join(options.absWorkingDir, path));
    const plugins = [...options.plugins, ...(graphs.includes(name) ? [taking(files)] : [])];
    return { later: [], parts: [{ stdin: { contents, resolveDir: folder }, plugins }] };
  }
  const src = join(folder, 'src');
  const below = (path) => relative(src, path).replaceAll('\\', '/');
  const isLater = (path) => pattern.test(below(path));
  const all = Object.entries(inputs).map(([path, { imports }]) => ({
    path: join(options.absWorkingDir, path),
    imports: imports.filter(({ external }) => !external).map((one) => join(options.absWorkingDir, one.path)),
  }));
  const entry = join(folder, source);
  const text = readFileSync(entry, 'utf8');
  const target = (from) => join(dirname(entry), from.replace(/\.js$/, '.ts'));
  const moved = [...text.matchAll(passedOn)].filter(([, from]) => isLater(target(from))).map(([statement]) => statement);
  const stays = moved.reduce((rest, statement) => rest.replace(statement, ''), text);

  /** Modules of one part that the other imports. */
  const crossed = (later) => {
    const importing = all.filter(({ path }) => isLater(path) !== later);
    const wanted = importing.flatMap(({ path, imports }) => (path === entry ? importsOf(stays, target) : imports));
    return [...new Set(wanted)].filter((path) => isLater(path) === later);
  };
  const borders = { first: crossed(false).map(below), second: crossed(true).map(below) };
  const { metafile } = await esbuild.build({
    ...options,
    plugins: [],
    entryPoints: [...borders.first, ...borders.second].map((path) => join(src, path)),
    outdir: join(folder, 'dist'),
    splitting: true,
    write: false,
    format: 'esm',
  });
  const exported = new Map(
    Object.values(metafile.outputs)
      .filter(({ entryPoint }) => entryPoint)
      .map(({ entryPoint, exports }) => [below(join(options.absWorkingDir, entryPoint)), exports]),
  );
  const namesOf = (path) => exported.get(path);

  /** Imports over the cut: left to `require` from the first part, and names that are taken at once in the second. */
  const cut = (inSecond) => ({
    name: 'cut',
    setup(build) {
      build.onResolve({ filter: /^\.{1,2}\// }, ({ path, resolveDir, namespace }) => {
        const full = join(resolveDir, path.replace(/\.js$/, '.ts'));
        if (namespace === 'entry' && full === entry) return { path: entry, namespace: 'index' };
        if (isLater(full) === inSecond) return namespace === 'file' ? undefined : { path: full };
        return inSecond ? { path: full, namespace: 'taken' } : { path: `#${below(full)}`, external: true };
      });
      build.onResolve({ filter: /^#/ }, ({ path }) => ({ path, external: true }));
      build.onLoad({ filter: /.*/, namespace: 'taken' }, ({ path }) => ({
        contents: `export const { ${namesOf(below(path)).join(', ')} } = require('#${below(path)}');`,
      }));
      build.onResolve({ filter: /^entry$/ }, () => ({ path: 'entry', namespace: 'entry' }));
      build.onLoad({ filter: /.*/, namespace: 'index' }, () => ({
        contents: inSecond ? moved.join('\n') : stays,
        loader: 'ts',
        resolveDir: dirname(entry),
      }));
    },
  });
  const optionsOf = (inSecond, contents) => ({
    stdin: undefined,
    entryPoints: ['entry'],
    plugins: [
      cut(inSecond),
      ...(inSecond ? [taking(all.filter(({ path }) => isLater(path)).map(({ path }) => path))] : []),
      { name: 'entry', setup: (build) => build.onLoad({ filter: /.*/, namespace: 'entry' }, () => ({ contents, resolveDir: src })) },
    ],
  });
  const index = `./${below(entry)}`;
  const probe = await esbuild.build({
    ...options,
    ...optionsOf(false, `export * from '${index}';`),
    write: false,
    format: 'esm',
    outfile: join(folder, 'dist', 'probe.js'),
  });
  const kept = new Set(['default', ...Object.values(probe.metafile.outputs)[0].exports]);
  // A name that is passed on by name hides one that comes by `*`.
  for (const [statement] of moved.join('\n').matchAll(/\* as \w+|[{,]\s*(?!type\b)\w+(\s+as\s+\w+)?(?=\s*[,}])/g))
    kept.delete(/\w+$/.exec(statement)[0]);
  const firstNames = built.exports.filter((one) => kept.has(one));
  const later = built.exports.filter((one) => !firstNames.includes(one));
  const first = exchange(borders.first, namesOf);
  const rest = exchange(borders.second, namesOf);
  return {
    later,
    parts: [
      optionsOf(
        false,
        `${imported(firstNames, index)}\n${first.imports}\nassign(${objectOf(firstNames)}, ${first.expression}, ${JSON.stringify(later)});`,
      ),
      optionsOf(true, `${imported(later, index)}\n${rest.imports}\nassign(${objectOf(later)}, ${rest.expression});`),
    ],
  };
}

/** Modules beside the entry that its text imports; names of types alone are no import. */
const importsOf = (text, target) =>
  [...text.matchAll(/^(?:import|export)\s(?!type\b)[^;'"]*from\s+'(\.[^']+)';/gm)].map(([, from]) => target(from));
