/** Targets in words. */
import { formatDuration, type NotificationTarget, type TargetSettings } from '@lazaret/protocol';

/** Where a target sends to. */
export function describeAddress({ kind, settings }: NotificationTarget): string {
  if (kind === 'webhook') return settings.url;
  if (kind === 'file') return `${settings.directory} (${settings.layout})`;
  const { to, server, digest } = settings;
  const every = digest > 0 ? `, one mail every ${formatDuration(digest * 1_000)}` : '';
  return `${to.join(', ')} over ${server}${every}`;
}

/** The filters of a target; empty without any. */
export function describeChoice(settings: TargetSettings): string {
  const { verdicts, actions, registries, projects } = settings;
  return [
    ...[verdicts, actions].filter((values) => values.length > 0).map((values) => values.join(', ')),
    registries.length > 0 ? `in ${registries.join(', ')}` : '',
    projects.length > 0 ? `of ${projects.join(', ')}` : '',
  ]
    .filter((part) => part !== '')
    .join('; ');
}
