/** `lazaret policy test` */
import { dirname, resolve } from 'node:path';

import type { PolicyFault, PolicyTest, TestResult } from '@lazaret/policy';
import type { InspectionReport } from '@lazaret/protocol';

import type { Invocation, Shell } from '../../command/command.ts';
import { exitCodes } from '../../exit-code.ts';
import { Failure } from '../../failure.ts';
import { formatTestRun } from '../../render/policy-tests.ts';
import { printNote, printStructured, writeOut } from '../../render/print.ts';
import { createStyle, widthOf } from '../../render/style.ts';
import { readSavedReports } from '../inspect/convert.ts';
import { loadAnalysis } from '../inspect/load-analysis.ts';
import {
  describe,
  findPolicies,
  findTestFile,
  loadPolicyPackage,
  placeOf,
  requirePolicy,
} from './load-policy.ts';
import { readTests } from './read-tests.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { shell, settings } = invocation;
  const runs: PolicyRun[] = [];
  for (const path of await findPolicies(invocation)) runs.push(await testPolicy(shell, path));
  if (settings.output !== 'table') {
    await printStructured(invocation, runs);
  } else if (!settings.quiet) {
    const options = {
      style: createStyle(settings.color.stdout),
      widthChars: settings.wide ? undefined : widthOf(shell.stdout),
    };
    await writeOut(invocation, formatTestRun(runs, options));
  }
  const untested = runs.filter(({ tests }) => tests.length === 0);
  for (const { file } of untested) {
    await printNote(invocation, `error: ${file} has no tests; add \`tests\` to it`);
  }
  const passed = runs.every(({ tests }) => tests.length > 0 && tests.every((one) => one.passed));
  return passed ? exitCodes.ok.code : exitCodes.failure.code;
}

/** The tests of one policy with their results. */
interface PolicyRun {
  readonly file: string;
  readonly policy: string;
  readonly tests: readonly TestResult[];
}

async function testPolicy(shell: Shell, path: string): Promise<PolicyRun> {
  const { policy, exceptions } = await requirePolicy(shell, path);
  const { runTests } = await loadPolicyPackage();
  const { compareVersions } = await loadAnalysis();
  const files = [{ path, tests: policy.tests }];
  const testFile = await findTestFile(path);
  if (testFile !== undefined) {
    const read = await readTests(shell, testFile, policy);
    if (read.faults.length > 0) throw invalidTests(read.path, read.faults);
    files.push({ path: testFile, tests: [...read.tests] });
  }
  const results: TestResult[] = [];
  for (const { path: from, tests } of files) {
    const readReport = (name: string): Promise<InspectionReport> =>
      readOneReport(shell, resolve(dirname(from), name));
    const options = { compareVersions, exceptions, readReport };
    results.push(...(await runTests(policy, tests as readonly PolicyTest[], options)));
  }
  return { file: path, policy: policy.name, tests: results };
}

function invalidTests(path: string, faults: readonly PolicyFault[]): Failure {
  return new Failure(`${path} is not a valid file of tests`, {
    fields: faults.map((fault) => ({ path: placeOf(path, fault), message: describe(fault) })),
  });
}

async function readOneReport(shell: Shell, path: string): Promise<InspectionReport> {
  const reports = await readSavedReports(shell, path);
  const [report] = reports;
  if (report === undefined || reports.length > 1) {
    throw new Failure(`${path} contains ${reports.length} reports; a test is about one`);
  }
  return report;
}
