declare module 'pngjs' {
  /** Eight bits a channel, RGBA, whatever the file holds. */
  export const PNG: { readonly sync: { read(bytes: Uint8Array): { width: number; height: number; data: Uint8Array } } };
}
