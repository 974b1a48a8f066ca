/** Custom pages, by the name of the operation whose response they show. */
import {
  isFinal,
  plural,
  type AddedException,
  type DecisionDetail,
  type EngineDetail,
  type FileDetail,
  type HookWithSecret,
  type Identity,
  type ImageDetail,
  type JobDetail,
  type Operation,
  type OperationOutput,
  type Registry,
  type operations,
} from '@lazaret/protocol';

import type { Invocation } from './command.ts';
import { formatCell, formatMoment } from '../render/cell.ts';
import { formatPage, type PageOptions } from '../render/page.ts';
import { printNote, printTerminalNote } from '../render/print.ts';
import { createStyle, widthOf, type Style } from '../render/style.ts';
import { visibleLine } from '../render/visible-text.ts';
import { wrapText } from '../render/wrap-text.ts';

type Page = (answer: unknown, options: PageOptions) => Promise<string> | string;

/** Notes about a response, printed to a terminal. */
const notes: Readonly<Record<string, (answer: never) => string>> = {
  'tokens.create': ({ token }: OperationOutput<typeof operations.access.tokenCreate>) =>
    `The secret of ${visibleLine(token.name)} (${token.id}); it is shown only once`,
  'users.link': ({ expiresAt }: OperationOutput<typeof operations.access.userLink>) =>
    `Valid for one sign-in, until ${formatMoment(Date.parse(expiresAt))}`,
  'hooks.add': noteSecret,
  'hooks.update': noteSecret,
};

/** What is wrong in spite of a success; printed wherever standard error goes. */
const warnings: Readonly<Record<string, (answer: never) => readonly string[]>> = {
  'exceptions.add': (answer: AddedException) =>
    answer.warnings.map((text) => `warning: ${visibleLine(text)}`),
  'engines.list': ({ refused }: OperationOutput<typeof operations.engines.list>) =>
    refused.map(({ file, detail }) => `rejected: ${visibleLine(file)}: ${visibleLine(detail)}`),
};

function noteSecret({ generatedSecret }: HookWithSecret): string {
  return generatedSecret === null ? '' : 'The secret is shown only once';
}

/** Prints the warnings and the note of a response to standard error. */
export async function printNotes(
  invocation: Invocation,
  operation: Operation,
  answer: unknown,
): Promise<void> {
  for (const line of warnings[operation.name]?.(answer as never) ?? []) {
    await printNote(invocation, line);
  }
  const note = notes[operation.name]?.(answer as never) ?? '';
  if (note !== '') await printTerminalNote(invocation, note);
}

const showRegistry: Page = async (answer, options) => {
  const { formatRegistryPage } = await import('../render/registry-page.ts');
  return formatRegistryPage(answer as Registry, options);
};

const pages: Readonly<Record<string, Page>> = {
  'registries.add': showRegistry,
  'registries.show': showRegistry,
  'registries.sync': showRegistry,
  'registries.update': showRegistry,
  'jobs.show': async (answer, options) => {
    const { formatJobPage } = await import('../render/job-page.ts');
    return formatJobPage(answer as JobDetail, options);
  },
  'jobs.cancel': async (answer, { style }) => {
    const { formatOutcomeLine } = await import('../render/job-page.ts');
    const job = answer as JobDetail;
    const more = isFinal(job.state) ? '' : ', is being cancelled';
    return `${formatOutcomeLine(job, style)}${more}\n`;
  },
  'engines.show': async (answer, options) => {
    const { formatEnginePage } = await import('../render/engine-page.ts');
    return formatEnginePage(answer as EngineDetail, options);
  },
  'files.show': async (answer, options) => {
    const { formatFilePage } = await import('../render/file-page.ts');
    return formatFilePage(answer as FileDetail, options);
  },
  'files.submit': (answer) => `${(answer as JobDetail).id}\n`,
  'images.show': async (answer, options) => {
    const { formatImagePage } = await import('../render/image-page.ts');
    return formatImagePage(answer as ImageDetail, options);
  },
  'images.compare': async (answer, options) => {
    const { formatDifference } = await import('../render/inspection-difference.ts');
    const difference = answer as OperationOutput<typeof operations.images.compare>;
    return formatDifference(difference, { ...options, filesHint: 'add --files' });
  },
  'sessions.show': (answer, options) => {
    // permissions follow from the roles, and the CSRF token is a secret
    const { permissions: _, csrf: __, ...identity } = answer as Identity;
    return formatPage(identity, options);
  },
  'tokens.create': async (answer) =>
    `${(answer as OperationOutput<typeof operations.access.tokenCreate>).secret}\n`,
  'users.link': async (answer) =>
    `${visibleLine((answer as OperationOutput<typeof operations.access.userLink>).url)}\n`,
  'exceptions.add': (answer, options) => {
    const { warnings: _, ...exception } = answer as AddedException;
    return formatPage(exception, options);
  },
  'decisions.explain': async (answer, options) => {
    const { formatExplanations } = await import('../render/decision-page.ts');
    return formatExplanations(
      (answer as OperationOutput<typeof operations.decisions.explain>).items,
      options,
    );
  },
  'decisions.show': async (answer, options) => {
    const { formatDecision } = await import('../render/decision-page.ts');
    return formatDecision(answer as DecisionDetail, options);
  },
  'system.show': formatStatus,
};

/** The page of an operation; without one the fields are listed. */
export function pageOf(
  operation: Operation,
  { shell, settings }: Invocation,
): ((answer: unknown) => Promise<string> | string) | undefined {
  const page = pages[operation.name];
  if (page === undefined) return undefined;
  return (answer) =>
    page(answer, {
      now: shell.now(),
      style: createStyle(settings.color.stdout),
      widthChars: widthOf(shell.stdout),
    });
}

async function formatStatus(
  answer: unknown,
  { now, style, widthChars }: PageOptions,
): Promise<string> {
  const status = answer as Status;
  const started = formatCell('startedAt', status.startedAt, { now, short: false });
  const lines = [
    `Lazaret ${visibleLine(status.version)}, started ${started}`,
    `Roles: ${status.roles.map(visibleLine).join(', ')}`,
    ...(status.missing.length === 0 ? [style('green', 'All components are running.')] : []),
    ...status.missing.flatMap(({ part, detail, advice }) => [
      ...wrapText(`Not available: ${visibleLine(part)}: ${visibleLine(detail)}`, widthChars).map(
        (line) => style('yellow', line),
      ),
      ...wrapText(visibleLine(advice), widthChars && widthChars - 2).map((line) => `  ${line}`),
    ]),
    ...describeQuarantine(status, style),
    ...describeReinspection(status),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

type Status = OperationOutput<typeof operations.system.show>;

/** What waits for approval comes with the commands that decide it. */
function describeQuarantine({ quarantine }: Status, style: Style): readonly string[] {
  if (quarantine === null) return [];
  const { proposed, quarantined } = quarantine;
  const waiting =
    proposed === 0
      ? []
      : [
          style(
            'yellow',
            `${plural(proposed, 'proposed action waits', 'proposed actions wait')} for approval`,
          ),
          '  See them with `lazaret actions list --state proposed`, then `lazaret actions approve ID`',
          '  or `lazaret actions reject ID`.',
        ];
  return [
    ...(quarantined === 0 ? [] : [`In quarantine: ${plural(quarantined, 'image')}`]),
    ...waiting,
  ];
}

/** After a change of scanners or signatures. */
function describeReinspection({ reinspection }: Status): readonly string[] {
  if (reinspection === null || reinspection.waiting === 0) return [];
  const images = plural(reinspection.waiting, 'image');
  return [
    `Up to ${images} of registries still to be checked with the present scanners and signatures,`,
    '  the newest first and each at most once an hour; decisions about them rest on earlier results.',
    '  To inspect one now: `lazaret images inspect REFERENCE --force`.',
  ];
}
