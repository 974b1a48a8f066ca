/** `lazaret setup scanners`: configures malware scanners of a server on this machine. */
import { flagList, flagOn, flagText, type Invocation } from '../../command/command.ts';
import { exitCodes } from '../../exit-code.ts';
import { printStructured, writeOut } from '../../render/print.ts';
import { createStyle } from '../../render/style.ts';
import { formatRows } from '../../render/table.ts';

/** The output of a set-up; the server package is loaded only when it runs. */
interface Result {
  readonly scanners: readonly {
    readonly id: string;
    readonly engine: string;
    readonly healthy: boolean;
    readonly findsMalware: boolean;
    readonly signaturesAt?: string;
    readonly problem?: string;
  }[];
  readonly file?: string;
  readonly advice: readonly string[];
}

/** Exits with 1 when a requested part could not be set up. */
export async function runSetupScanners(invocation: Invocation): Promise<number> {
  const { flags, shell } = invocation;
  const { setupScanners } = await import('@lazaret/server');
  const data = flagText(flags, 'data');
  const config = flagText(flags, 'config');
  const result = await setupScanners({
    argv: [
      ...(data === undefined ? [] : ['--data', data]),
      ...(config === undefined ? [] : ['--config', config]),
    ],
    clamd: flagText(flags, 'clamd'),
    clamav: flags['clamav'] !== false,
    mayInstall: () => mayInstall(invocation),
    yaraRules: flagList(flags, 'yaraRules'),
    denyLists: flagList(flags, 'denyList'),
    allowLists: flagList(flags, 'allowList'),
    log: (line) => void shell.stderr.write(`${line}\n`),
  });
  if (invocation.settings.output !== 'table') await printStructured(invocation, result);
  else await writeOut(invocation, await describe(invocation, result));
  return result.advice.length > 0 ? exitCodes.failure.code : exitCodes.ok.code;
}

/** Packages are only installed after confirmation or with `--yes`. */
async function mayInstall({ flags, shell }: Invocation): Promise<boolean> {
  if (flagOn(flags, 'yes')) return true;
  if (!shell.stdin.isTTY || !shell.stderr.isTTY) {
    shell.stderr.write('No clamd answers. Add --yes to install ClamAV with apt-get.\n');
    return false;
  }
  const { promptLine } = await import('../../terminal/prompt.ts');
  const question = 'No clamd answers. Install clamav-daemon and clamav-freshclam? [y/N] ';
  return /^y(es)?$/i.test((await promptLine(shell, question)).trim());
}

async function describe(
  { settings }: Invocation,
  { scanners, file, advice }: Result,
): Promise<string> {
  const style = createStyle(settings.color.stdout);
  const rows = scanners.map(({ id, healthy, engine, signaturesAt, problem }) => [
    id,
    healthy ? style('green', 'healthy') : style('red', 'failing'),
    healthy ? engine : (problem ?? ''),
    signaturesAt === undefined ? '' : `signatures of ${signaturesAt.slice(0, 10)}`,
  ]);
  const findsMalware = scanners.some(({ findsMalware, healthy }) => findsMalware && healthy);
  return [
    formatRows(rows),
    ...advice.map((line) => `${line}\n`),
    ...(findsMalware
      ? []
      : ['No malware scanner is configured: images get the verdict "unscanned", never "clean".\n']),
    file === undefined
      ? 'The configuration is unchanged.\n'
      : `Written to ${file}. Restart the server to apply it.\n`,
  ].join('');
}
