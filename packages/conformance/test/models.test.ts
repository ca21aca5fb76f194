import { join } from 'node:path';
import { expect, it } from 'vitest';
import { data, reportOf } from './corpus.js';

it.each(['ocr', 'models/onnx-light', 'models/mobilenet-v2'])(
  'real networks: every case of %s passes on CPU',
  { timeout: 600_000 },
  async (folder) => {
    const { summary, cases } = await reportOf(['--models', join(data, folder), '--device', 'CPU', '--jobs', '1']);
    expect(
      Object.entries(cases)
        .filter(([, c]) => c.status !== 'pass')
        .map(([id, c]) => `${id}: ${c.reason}`),
    ).toEqual([]);
    expect(summary.passed).toBeGreaterThan(3);
  },
);
