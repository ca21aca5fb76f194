/** Versions: of the file's format, and of each domain's operators. */
import { CuveeError } from '@cuvee/core';
import { toNumber } from './checked.js';
import { domainOf } from './functions.js';
import type { ModelProto, OperatorSetIdProto } from './proto/index.js';

/** Newest IR version and operator set that this reader knows. */
export const newest = { ir: 14, opset: 28 } as const;

/** Operator sets of a model by domain. Throws MODEL_INVALID for an IR version that does not exist, MODEL_UNSUPPORTED for one too new. */
export function modelOpsets({ irVersion = 0n, opsetImport }: ModelProto): ReadonlyMap<string, number> {
  if (irVersion < 1n || irVersion > 0x7fffffffn) throw new CuveeError('MODEL_INVALID', `IR version ${irVersion} does not exist`);
  if (irVersion > newest.ir)
    throw new CuveeError('MODEL_UNSUPPORTED', `IR version ${irVersion} is newer than ${newest.ir}, the newest that is known`);
  const opsets = opsetsOf(opsetImport);
  // before IR version 3 there was one operator set
  return irVersion < 3n && !opsets.has('') ? new Map([...opsets, ['', 1]]) : opsets;
}

/** Versions by domain. Throws MODEL_INVALID for numbers that are none and for two versions of one domain. */
export function opsetsOf(imports: readonly OperatorSetIdProto[]): ReadonlyMap<string, number> {
  const opsets = new Map<string, number>();
  for (const { domain: name, version = 0n } of imports) {
    const domain = domainOf(name);
    const number = toNumber(version);
    if (number < 1 || number > 0x7fffffff)
      throw new CuveeError('MODEL_INVALID', `version ${version} of operator set "${domain || 'ai.onnx'}" does not exist`);
    if (domain === '' && number > newest.opset)
      throw new CuveeError(
        'MODEL_UNSUPPORTED',
        `operator set ${version} of ai.onnx is newer than ${newest.opset}, the newest that is known`,
      );
    if ((opsets.get(domain) ?? number) !== number)
      throw new CuveeError('MODEL_INVALID', `two versions of operator set "${domain || 'ai.onnx'}" are asked for`);
    opsets.set(domain, number);
  }
  return opsets;
}
