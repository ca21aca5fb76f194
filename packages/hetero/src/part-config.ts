/** @file The configuration of a part's device. */
import { innerConfig, type CompileOptions, type Config } from '@cuvee/core';

/** What a part is compiled with: the whole is what a cache keeps, not the parts. */
export const partConfig = (config: Config, device: string, { host }: CompileOptions): Config => ({
  ...innerConfig(config, device, host),
  CACHE_DIR: '',
});
