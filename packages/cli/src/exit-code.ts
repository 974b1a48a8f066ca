/** What the program's exit codes mean; scripts rely on them, so they never change their meaning. */
import type { FinalState, ProblemCode } from '@lazaret/protocol';

export const exitCodes = {
  ok: { code: 0, meaning: 'Done; with `--wait`: the job succeeded' },
  failure: { code: 1, meaning: 'The command failed for another reason than those below' },
  usage: { code: 2, meaning: 'The command line or a value in it is wrong' },
  jobFailed: { code: 3, meaning: 'With `--wait`: the job failed' },
  jobTimedOut: { code: 4, meaning: 'With `--wait`: the job ran past a time limit' },
  jobCancelled: { code: 5, meaning: 'With `--wait`: the job was cancelled' },
  forbidden: { code: 6, meaning: 'Not signed in, or not allowed' },
  notFound: { code: 7, meaning: 'What was named does not exist' },
  unreachable: { code: 8, meaning: 'The server or registry cannot be reached, or is not ready' },
  findings: {
    code: 10,
    meaning: '`inspect`: a finding or verdict that `--fail-on` names; `diff`: a difference',
  },
  malicious: { code: 11, meaning: '`inspect`: the verdict is malicious' },
  incomplete: {
    code: 12,
    meaning: '`inspect`: not everything could be examined, or imported; `diff`: not comparable',
  },
  unreadable: { code: 13, meaning: '`inspect`: the image is damaged, forged or not supported' },
  interrupted: { code: 130, meaning: 'Interrupted by Ctrl-C' },
} as const;

/** The exit code that a final state stands for. */
export function exitCodeOfState(state: FinalState): number {
  const byState = {
    succeeded: exitCodes.ok,
    failed: exitCodes.jobFailed,
    timed_out: exitCodes.jobTimedOut,
    cancelled: exitCodes.jobCancelled,
  } as const;
  return byState[state].code;
}

/** The exit code that an error answer stands for. */
export function exitCodeOfProblem(code: ProblemCode, status: number): number {
  if (code === 'invalid_request') return exitCodes.usage.code;
  if (status === 401 || status === 403) return exitCodes.forbidden.code;
  if (status === 404) return exitCodes.notFound.code;
  if (status === 503 || status === 429) return exitCodes.unreachable.code;
  return exitCodes.failure.code;
}
