/** @file A vitest reporter that writes what scripts/test.mjs counts: passes, failures by name, skips with their reasons. */
import { writeFileSync } from 'node:fs';

/** `ctx.skip('reason')` is a reason; so is what stands in parentheses at the end of a skipped test's or suite's name. */
function reasonOf(test, result) {
  if (result.note) return result.note;
  for (let place = test; place && place.type !== 'module'; place = place.parent) {
    const reason = /\(([^()]+)\)$/.exec(place.name ?? '');
    if (reason) return reason[1];
  }
  return '';
}

export default class CountingReporter {
  onTestRunEnd(modules, errors) {
    const outcome = { passed: 0, failed: errors.map((error) => `outside any test: ${error.message}`), skipped: [] };
    for (const module of modules) {
      const own = module.errors();
      if (own.length > 0) outcome.failed.push(`${module.relativeModuleId ?? module.moduleId}: ${own[0].message}`);
      for (const test of module.children.allTests()) {
        const result = test.result();
        const name = `${module.relativeModuleId ?? module.moduleId} > ${test.fullName}`;
        if (result.state === 'passed') outcome.passed++;
        else if (result.state === 'failed') outcome.failed.push(`${name}: ${result.errors?.[0]?.message?.split('\n')[0] ?? ''}`);
        else outcome.skipped.push({ name, reason: reasonOf(test, result) });
      }
      for (const suite of module.children.allSuites()) {
        for (const error of suite.errors()) outcome.failed.push(`${module.relativeModuleId} > ${suite.fullName}: ${error.message}`);
      }
    }
    writeFileSync(process.env.CUVEE_TEST_REPORT, JSON.stringify(outcome));
  }
}
