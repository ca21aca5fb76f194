/** @file Resolution of ES modules for register.ts; Node runs it on a thread of its own. */

interface Context {
  readonly parentURL?: string | undefined;
}
interface Resolved {
  readonly url: string;
  readonly format?: string;
  readonly shortCircuit?: boolean;
}

/** `onnxruntime-node` is this package, seen from here; everything else is left alone. */
export const resolve = (
  specifier: string,
  context: Context,
  next: (specifier: string, context: Context) => Resolved | Promise<Resolved>,
): Resolved | Promise<Resolved> =>
  specifier === 'onnxruntime-node' ? next('@cuvee/onnxruntime-node', { ...context, parentURL: import.meta.url }) : next(specifier, context);
