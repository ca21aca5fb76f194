/** @file What methods of `Core` take, and what they say of anything else. */
import { checkSettings, isSettings, isText, wrongSignature } from '../calls.js';
import { Model } from '../ir/model.js';
import { Tensor } from '../tensor/tensor.js';
import { isBytes, isStream } from './source.js';

/** A path or URL, or XML text. */
export const isPath = (value: unknown): boolean => isText(value) || value instanceof URL;

export function checkRead(method: string, given: readonly unknown[], streams: boolean): void {
  const [model, weights, options] = given;
  const bytes = (value: unknown): boolean => isBytes(value) || (streams && isStream(value));
  const ok =
    given.length >= 1 &&
    given.length <= (streams ? 3 : 2) &&
    (isPath(model) || bytes(model)) &&
    (weights === undefined || bytes(weights) || weights instanceof Tensor || isPath(weights)) &&
    (options === undefined || isSettings(options));
  if (!ok) throw wrongSignature(method, given, ['string, string', 'Buffer, Buffer', 'Buffer', 'string', 'string, Tensor']);
}

export function checkCompile(method: string, given: readonly unknown[], most: number): void {
  const [model, device, config, options] = given;
  const allowed = ['string, string', 'Model, string', 'string, string, object', 'Model, string, object'];
  const why =
    given.length < 2 || given.length > most
      ? `Invalid number of arguments -> ${given.length}`
      : config !== undefined && !isSettings(config)
        ? 'Argument #3 must be an Object.'
        : options !== undefined && !isSettings(options)
          ? 'Argument #4 must be an Object.'
          : (isPath(model) || model instanceof Model) && isText(device)
            ? undefined
            : 'Error while compiling model.';
  if (why !== undefined) throw wrongSignature(method, given, allowed, most === 3 ? '' : why);
  if (config !== undefined) checkSettings(config as Readonly<Record<string, unknown>>);
}

export function checkImport(method: string, given: readonly unknown[], streams: boolean): void {
  const [blob, device, config] = given;
  const allowed = ['Buffer, string', 'Buffer, string, object', 'Tensor, string', 'Tensor, string, object'];
  const why =
    given.length < 2 || given.length > (streams ? 4 : 3)
      ? `Invalid number of arguments -> ${given.length}`
      : !(isBytes(blob) || blob instanceof Tensor || isPath(blob) || (streams && isStream(blob)))
        ? 'The first argument must be of type Buffer.'
        : !isText(device)
          ? 'The second argument must be of type String.'
          : config === undefined || (typeof config === 'object' && config !== null)
            ? undefined
            : 'Passed Napi::Value must be an object.';
  if (why !== undefined) throw wrongSignature(method, given, allowed, why);
  if (config !== undefined) checkSettings(config as Readonly<Record<string, unknown>>);
}
