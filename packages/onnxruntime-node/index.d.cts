export * from 'onnxruntime-common';
/** A provider that `executionProviders` may name. */
export interface SupportedBackend {
  readonly name: string;
  /** Whether it works without a further package. */
  readonly bundled: boolean;
}
/** The providers that sessions may ask for. */
export declare const listSupportedBackends: () => SupportedBackend[];
