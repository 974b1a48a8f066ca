/** A watched registry as a short page: what is set beyond the defaults, its state and contents. */
import { formatDuration, plural, type Registry } from '@lazaret/protocol';

import { formatCell } from './cell.ts';
import type { PageOptions } from './page.ts';
import { styleState } from './style.ts';
import { visibleLine } from './visible-text.ts';
import { wrapLabelled } from './wrap-labelled.ts';

const labelChars = 13;

export function formatRegistryPage(registry: Registry, options: PageOptions): string {
  const { name, project, source, createdBy, state } = registry;
  const time = (at: string): string => formatCell('at', at, { now: options.now, short: false });
  const rows: readonly (readonly [label: string, text: string | undefined])[] = [
    ['Registry', `${name}, project ${project}${source === 'file' ? ', from the file' : ''}`],
    ['Address', describeAddress(registry)],
    ['Problem', registry.problem === null ? undefined : describeProblem(registry.problem, time)],
    ...describeSettings(registry),
    ['Polls', describePolls(registry, time)],
    ['Contents', describeCounts(registry)],
    ['Last check', describeCheck(registry, time)],
    ['Created', `${time(registry.createdAt)} by ${createdBy}`],
    ['Changed', registry.changedAt === registry.createdAt ? undefined : time(registry.changedAt)],
  ];
  const lines = rows.flatMap(([label, text]) =>
    text === undefined ? [] : wrapLabelled(label.padEnd(labelChars), visibleLine(text), options),
  );
  lines.splice(2, 0, `${'State'.padEnd(labelChars)}${styleState(options.style, state)}`);
  return `${lines.join('\n')}\n`;
}

type Time = (at: string) => string;

function describeAddress({ address, settings }: Registry): string {
  const how = [
    ...(settings.plainHttp ? ['HTTP without TLS'] : []),
    ...(settings.skipVerify ? ['certificate is not verified'] : []),
    ...(settings.enabled ? [] : ['not watched']),
  ];
  return [`${address} (${settings.kind})`, ...how].join(', ');
}

function describeProblem({ code, detail, since }: Registry['problem'] & object, time: Time) {
  return `${code}: ${detail}, since ${time(since)}`;
}

/** Settings that have a value; lists and limits that are empty are not shown. */
function describeSettings({ settings }: Registry): [string, string | undefined][] {
  const list = (items: readonly string[]): string | undefined =>
    items.length === 0 ? undefined : items.join(', ');
  const text = (value: string): string | undefined => (value === '' ? undefined : value);
  return [
    ['Repositories', without(settings.repositories, settings.exclude)],
    ['From file', text(settings.repositoryFile)],
    ['Tags', without(settings.tags, settings.excludeTags)],
    ['Platforms', list(settings.platforms)],
    ['Credentials', settings.credentials === 'none' ? undefined : settings.credentials],
    ['CA file', text(settings.caFile)],
    ['Mirrors', list(settings.mirrors)],
    ['Rates', list(settings.rates)],
    ['Backlog', `the newest ${plural(settings.backlog, 'image')} of a repository`],
    ['Quarantine', text(settings.quarantineRepository)],
  ];
}

function without(names: readonly string[], excluded: readonly string[]): string {
  const shown = names.join(', ');
  return excluded.length === 0 ? shown : `${shown}, without ${excluded.join(', ')}`;
}

function describePolls({ poll, settings }: Registry, time: Time): string {
  const { running, completeAt, nextAt, failures } = poll;
  return [
    `every ${formatDuration(settings.pollInterval * 1_000)}`,
    completeAt === null ? 'none complete yet' : `last complete ${time(completeAt)}`,
    ...(failures === 0 ? [] : [`${plural(failures, 'failure')} in a row`]),
    running ? 'running now' : `next ${time(nextAt)}`,
  ].join(', ');
}

function describeCounts({ counts }: Registry): string {
  const named = [
    [counts.waiting, 'waiting for inspection'],
    [counts.inspecting, 'being inspected'],
    [counts.failed, 'failed'],
    [counts.skipped, 'older images not inspected'],
    [counts.problems, 'repositories and tags with a problem'],
  ] as const;
  return [
    `${plural(counts.repositories, 'repository', 'repositories')}, ${plural(counts.tags, 'tag')}`,
    ...named.flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}`])),
  ].join(', ');
}

function describeCheck({ check, name }: Registry, time: Time): string | undefined {
  if (check === null) return `never; run \`lazaret registries check ${name}\``;
  const failed = check.results.filter(({ state }) => state !== 'ok');
  const found = failed.map((one) => `${one.name} ${one.state}: ${one.detail}`).join('; ');
  return `${time(check.checkedAt)}${found === '' ? ', all ok' : `: ${found}`}`;
}
