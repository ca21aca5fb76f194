/** @file Operations that the CPU does not run, or not with every attribute and type, and why: the operations that lack a kernel, or the kernel's limit. */

/** `some`: only some of the cases are refused. */
export const refused: Readonly<Record<string, { readonly why: string; readonly some?: true }>> = {
  ISTFT: { why: 'ISTFT (no kernel)', some: true },
  RegexFullMatch: { why: 'Parameter (element type string), RegexFullMatch (element type string)' },
  STFT: { why: 'STFT (no kernel)', some: true },
  StringConcat: { why: 'Parameter (element type string), StringConcat (element type string)' },
  StringNormalizer: { why: 'Parameter (element type string), StringNormalizer (element type string)' },
  StringSplit: { why: 'Parameter (element type string), StringSplit (element type string)' },
  StringTensorPack: { why: 'StringTensorPack (element type string)' },
  StringTensorUnpack: { why: 'Parameter (element type string), StringTensorUnpack (element type string)' },
};
