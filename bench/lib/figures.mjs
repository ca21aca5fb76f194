/** @file What repeated measurements come to. */

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** 90 % interval of the median of a sample, from its order: binomial tails of 5 % each. */
export function interval(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  let [k, tail, term] = [0, 0.5 ** n, 0.5 ** n];
  while (tail <= 0.05 && k < Math.floor((n - 1) / 2)) {
    term = (term * (n - k)) / (k + 1);
    tail += term;
    k++;
  }
  const low = Math.max(0, tail > 0.05 ? k - 1 : k);
  return [sorted[low], sorted[n - 1 - low]];
}

/** A figure as people read it: two or three places that count. */
export const figure = (value) =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value >= 0.1 ? value.toFixed(2) : value.toPrecision(2);
