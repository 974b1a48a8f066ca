/** For tests and benchmarks of other packages: reports from the few parts that matter. */
export { buildReport } from '../testcases/build-report.ts';
