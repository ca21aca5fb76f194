import { cases, strings } from './cases.js';

/** One by one, and a single suffix for all. */
export default cases('StringConcat', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    { name: 'pairs', inputs: [strings([2], ['a', '']), strings([2], ['€', 'x'])], outputs: [strings([2], ['a€', 'x'])] },
    { name: 'one suffix', inputs: [strings([2, 1], ['a', 'b']), strings([], ['!'])], outputs: [strings([2, 1], ['a!', 'b!'])] },
  ],
});
