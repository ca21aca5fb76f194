/** @file Operations that the CPU does not run, or not with every attribute and type, and why: the operations that lack a kernel, or the kernel's limit. */

/** `some`: only some of the cases are refused. */
export const refused: Readonly<Record<string, { readonly why: string; readonly some?: true }>> = {
  ISTFT: { why: 'ISTFT (no kernel)', some: true },
  STFT: { why: 'STFT (no kernel)', some: true },
};
